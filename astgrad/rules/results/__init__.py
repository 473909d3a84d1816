"""The spec of a call's result, family by family: from the operands' specs by NumPy's parameter names."""
