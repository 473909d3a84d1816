"""Lists that grow: append, concatenation and sums of lists of unknown length."""

from __future__ import annotations

from astgrad import runtime_lists as lists
from astgrad.rules.kinds import constant, linear
from astgrad.runtime import zeros
from astgrad.runtime_python import appended

linear(appended, lambda by, items, value: (lists.popped(by), by[-1]), wrt=("items", "value"))
linear(lists.popped, lambda by, items: appended(by, zeros(items[-1])))
linear(lists.joined, lambda by, a, b: (lists.front(by, a), lists.back(by, a)), wrt=("a", "b"))
linear(lists.copied, lambda by, items: by)
linear(lists.front, lambda by, items, a: lists.joined(by, zeros(lists.back(items, a))), shape_only=["a"])
linear(lists.back, lambda by, items, a: lists.joined(zeros(lists.front(items, a)), by), shape_only=["a"])
constant(lists.order)
linear(lists.taken, lambda by, items, positions: lists.put_back(by, positions, items))
linear(lists.put_back, lambda bz, by, positions, items: lists.taken(bz, positions), shape_only=["items"])
