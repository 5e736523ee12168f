"""The list of floods: traffic that a peer can send at will, in any amount. The modules floods_*.py add to it."""
import dataclasses
import typing

ALL = {}


@dataclasses.dataclass
class Flood:
    name: str
    about: str
    write: typing.Callable  # (trace, n): a recording whose size grows with n
    sizes: dict  # by output (run.py's OUTPUTS): the n that takes some 60 ms of CPU there
    transactions: typing.Callable  # (n): how many are shown
    protocols: set  # of its connections; None: unknown
    check: typing.Callable | None  # (transactions of JSON output): what else must be true of them
    small: int  # the n for that
    budget: int | None  # MiB: --max-memory
    told: str  # what a run that exceeds it says
    arguments: list


def flood(sizes, transactions, protocol, check=None, small=200, budget=None, told="(--max-memory)", arguments=()):
    """`transactions`: a number, a range of numbers, or a function of n to one of these."""
    def add(function):
        count = transactions if callable(transactions) else lambda n: transactions
        bounds = ["--max-memory", f"{budget}M"] if budget else []
        ALL[function.__name__] = Flood(
            name=function.__name__, about=function.__doc__.strip(), write=function, sizes=sizes, transactions=count,
            protocols=protocol if isinstance(protocol, set) else {protocol}, check=check, small=small, budget=budget, told=told,
            arguments=[*bounds, *arguments])
        return function
    return add


def says(part, field):
    """A check: the first transaction has the field, at this place in it."""
    def check(transactions):
        place = transactions[0]
        for name in part.split("."):
            place = place.get(name, {}) if name else place
        return f"{part} has no {field}" if not place.get(field) else None
    return check
