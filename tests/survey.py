"""What astgrad makes of each program of tests/corpus.py: python -m tests.survey [WORD...].

    python -m tests.survey                            everything, in every mode
    python -m tests.survey while S11                  chapters, sections, rules or names that contain a word
    python -m tests.survey --first                    gradients only: neither interpreter nor second order
    python -m tests.survey --plain --first            optimize=False alone
    python -m tests.survey --second                   the second order alone
    python -m tests.survey --quiet --verdict wrong    only the wrong ones
    python -m tests.survey --uses                     the wrong uses of tests/refused_control.py
    python -m tests.survey --pending                  rewrite tests/pending.txt (with --uses: their names)

    ok        right, in the modes asked for        wrong    an AssertionError of the oracle
    refused   an AstgradError                      crash    anything else, InternalError included

The exit status is 1 if a program is wrong or crashes.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import inspect
import io
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

import astgrad
from tests import corpus, oracle
from tests.corpus import Entry
from tests.refused import Refused
from tests.refused_control import RAISES, REFUSED

MODES = ("all", "first", "plain", "second")


def verdict(entry: Entry, mode: str = "all") -> tuple[str, str]:
    """What became of a program: the kind, and a message of one or more lines."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            examine(entry, mode)
    except AssertionError as error:
        return ("wrong" if raised_by_the_oracle(error) else "crash"), str(error)
    except astgrad.InternalError as error:
        return "crash", f"InternalError: {error}"
    except astgrad.AstgradError as error:
        return "refused", f"{type(error).__name__}: {error}"
    except Exception as error:
        return "crash", f"{type(error).__name__}: {error} ({place(error)})"
    return "ok", ""


def raised_by_the_oracle(error: BaseException) -> bool:
    """Whether an assertion is one of the oracle's, and none of astgrad or of the program."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace is not None else ""
    return os.path.basename(file) in ("oracle.py", "survey.py")


def place(error: BaseException) -> str:
    """The innermost place of an exception."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{os.path.basename(last.filename)}:{last.lineno}"


def examine(entry: Entry, mode: str = "all") -> None:
    """Raise what is wrong with a program."""
    program = entry.program
    if mode == "all":
        oracle.check(program)
        check_pullback(entry)
        return check_logs(entry)
    options: dict[str, Any] = {"optimize": False} if mode == "plain" else {}
    gradient = astgrad.grad(program.function, program.wrt, **options)
    for case in program.cases:
        with case.rebound(program.function):
            if mode == "second":
                if case.second:
                    oracle.check_second_order(program, case, gradient)
                continue
            if case.expected is not None:
                got = case.point(gradient)
                assert oracle.close(got, case.expected, program.tolerance), (
                    f"expected {case.expected!r}, got {got!r}"
                )
            if program.differences:
                oracle.check_differences(program, case, {mode: gradient})
    return None


def check_pullback(entry: Entry) -> None:
    """vjp gives what grad gives, twice; it takes positional arguments."""
    program, case = entry.program, entry.program.cases[0]
    bound = inspect.signature(program.function).bind(*case.point.args, **case.point.kwargs)
    if bound.kwargs:
        return
    with case.rebound(program.function):
        value, pullback = astgrad.vjp(program.function, *bound.args)
        assert oracle.equal(value, program.function(*bound.args)), f"vjp gives {value!r}"
        wanted = oracle.as_list(astgrad.grad(program.function, program.wrt)(*bound.args), program.wrt)
        where = oracle.places(program.function, program.wrt, oracle.Point(bound.args))
        for _ in range(2):
            got = pullback(type(value)(1.0))
            for one, right in zip(where, wanted):
                text = f"the pullback gives {got[one]!r}, grad {right!r}"
                assert oracle.close(got[one], right, program.tolerance), text


def check_logs(entry: Entry) -> None:
    """Every effect happens once, in order, whatever asks for the gradient; a pullback has none (S8, S10)."""
    log, function, wrt = entry.logs, entry.program.function, entry.program.wrt
    if log is None:
        return
    for case in entry.program.cases:
        wanted = recorded(log, case, function)
        assert wanted, "the program logs nothing"
        for name, gradient in {
            "grad": astgrad.grad(function, wrt),
            "optimize=False": astgrad.grad(function, wrt, optimize=False),
            "value_and_grad": astgrad.value_and_grad(function, wrt),
        }.items():
            for call in ("first", "second"):
                got = recorded(log, case, gradient)
                assert got == wanted, f"{name}, {call} call: the log is {got}, the function's {wanted}"


def recorded(log: list[Any], case: Any, function: Any) -> list[Any]:
    """What one call adds to a log."""
    log.clear()
    with case.rebound(function) if hasattr(function, "__globals__") else contextlib.nullcontext():
        case.point(function)
    found = list(log)
    log.clear()
    return found


# --- wrong uses


def complaint(one: Refused) -> str:
    """What is wrong with how a wrong use is refused, in every mode; "" if nothing is."""
    for gradient in (
        astgrad.grad(one.function, one.wrt),
        astgrad.grad(one.function, one.wrt, optimize=False),
        astgrad.value_and_grad(one.function, one.wrt),
    ):
        for _ in range(2):
            try:
                got = gradient(*one.args)
            except Exception as error:
                wrong = wrong_error(one, error)
                if wrong:
                    return wrong
            else:
                return f"gives {got!r}"
    return ""


def wrong_error(one: Refused, error: Exception) -> str:
    message = str(error)
    said = f"{type(error).__name__}: {message}"
    if not isinstance(error, one.error) or isinstance(error, astgrad.InternalError):
        return f"not {one.error}: {said}"
    if not re.search(one.message, message):
        return f"does not say {one.message}: {said}"
    line = marked_line(one.function) if isinstance(error, astgrad.AstgradError) else None
    if line is not None and not re.search(rf"refused_control\.py:{line}:\d+: ", message):
        return f"does not point at line {line}: {said}"
    if line is not None and not re.search(r"^ +\^+$", message, re.MULTILINE):
        return f"has no caret: {said}"
    return ""


def marked_line(function: Any) -> int | None:
    """The line of the function with the mark; None without one, or where another line may be meant too."""
    lines, first = inspect.getsourcelines(function)
    marked = [first + i for i, line in enumerate(lines) if line.rstrip().endswith("# <--")]
    return marked[0] if marked else None


# --- the command


def chosen(words: list[str], entries: list[Entry]) -> Iterator[Entry]:
    """The programs in whose chapter, section, rules or name one of the words occurs."""
    for entry in entries:
        tags = (entry.chapter, entry.section, entry.name)
        if not words or any(word in entry.rules or any(word in tag for tag in tags) for word in words):
            yield entry


def first_line(message: str) -> str:
    return message.split("\n")[0][:160]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.survey", description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("words", nargs="*", help="chapters, sections, rules or parts of names")
    parser.add_argument("--first", action="store_const", const="first", dest="mode", default="all")
    parser.add_argument("--plain", action="store_const", const="plain", dest="mode")
    parser.add_argument("--second", action="store_const", const="second", dest="mode")
    parser.add_argument("--verdict", help="print only the programs with this verdict")
    parser.add_argument("--quiet", action="store_true", help="no line for what is ok")
    parser.add_argument("--full", action="store_true", help="whole messages")
    parser.add_argument("--pending", action="store_true", help="rewrite tests/pending.txt from it")
    parser.add_argument("--uses", action="store_true", help="the wrong uses in place of the programs")
    options = parser.parse_args(arguments)
    if options.uses:
        return survey_uses(options)
    kinds: collections.Counter[str] = collections.Counter()
    sections: dict[str, collections.Counter[str]] = {}
    refused, start = set(), time.monotonic()
    everything = list(chosen(options.words, corpus.entries()))
    for entry in everything:
        kind, message = verdict(entry, options.mode)
        kinds[kind] += 1
        sections.setdefault(f"{entry.chapter}: {entry.section}", collections.Counter())[kind] += 1
        if kind != "ok":
            refused.add(entry.name)
        if (options.verdict or kind) == kind and not (options.quiet and kind == "ok"):
            shown = message if options.full else first_line(message)
            print(f"{kind:8} {entry.name:40} {shown}".rstrip(), flush=True)
    print()
    for title, counts in sections.items():
        print(f"{title:48} " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    total = ", ".join(f"{kinds[kind]} {kind}" for kind in ("ok", "refused", "wrong", "crash"))
    print(f"\n{len(everything)} programs: {total}; {time.monotonic() - start:.0f} s")
    if options.pending:
        write_pending({entry.name for entry in everything}, refused)
    return 1 if kinds["wrong"] or kinds["crash"] else 0


def survey_uses(options: Any) -> int:
    """A line for each wrong use that does not get its error yet."""
    uses = {one.function.__name__: one for one in REFUSED + RAISES}
    asked = {
        name: one for name, one in uses.items() if not options.words or any(w in name for w in options.words)
    }
    wrong = {name: text for name, one in asked.items() if (text := complaint(one))}
    for name, text in wrong.items():
        print(f"{name:40} {text if options.full else first_line(text)}")
    print(f"\n{len(asked)} wrong uses: {len(wrong)} without their error")
    if options.pending:
        write_pending(set(asked), set(wrong))
    return 0


def write_pending(asked: set[str], refused: set[str]) -> None:
    """Keep the lines about what was not asked, and name what is not ok."""
    names = (corpus.pending() - asked) | refused
    head = [line for line in corpus.PENDING_FILE.read_text().split("\n") if line.startswith("#")]
    corpus.PENDING_FILE.write_text("\n".join([*head, *sorted(names)]) + "\n")
    print(f"{len(names)} pending")


if __name__ == "__main__":
    sys.exit(main())
