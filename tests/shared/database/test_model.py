"""A database is an ordered dictionary: whatever is done to both, in whatever order, both answer alike."""

import time

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shared.database.atomic import OPERATIONS
from shared.database.engine import Engine
from shared.database.transaction import KeySelector, Reads
from tests.shared.database.places import PATIENCE_S, contents

keys = st.lists(st.sampled_from([b"a", b"b", b"\0", b"\xfe", b"\xff"]), max_size=3).map(
    lambda parts: b"k" + b"".join(parts)
)
values = st.binary(max_size=9)
limits = st.sampled_from([0, 1, 2, 5])


class Model:
    """What a transaction sees, in a dictionary."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self.pairs = dict(pairs)

    def get_range(self, begin: bytes, end: bytes, limit: int, reverse: bool) -> list[tuple[bytes, bytes]]:
        found = sorted((pair for pair in self.pairs.items() if begin <= pair[0] < end), reverse=reverse)
        return found[: limit or None]

    def get_key(self, selector: KeySelector) -> bytes:
        ordered = sorted(self.pairs)
        up_to = [key for key in ordered if key < selector.key or (selector.or_equal and key == selector.key)]
        place = len(up_to) - 1 + selector.offset
        if place < 0:
            return b""
        return ordered[place] if place < len(ordered) else b"\xff"

    def clear_range(self, begin: bytes, end: bytes) -> None:
        self.pairs = {key: value for key, value in self.pairs.items() if not begin <= key < end}

    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        value = OPERATIONS[operation](self.pairs.pop(key, None), operand)
        if value is not None:
            self.pairs[key] = value


class Transactions(RuleBasedStateMachine):
    """One transaction after the other, each committed or given up."""

    engine: Engine

    @initialize()
    def start_empty(self) -> None:
        self.engine.write(lambda tr: tr.clear_range(b"", b"\xff"))
        self.committed: dict[bytes, bytes] = {}
        self.begin()

    def begin(self) -> None:
        self.tr = self.engine.begin(time.monotonic() + PATIENCE_S)
        self.model = Model(self.committed)

    def source(self, snapshot: bool) -> Reads:
        return self.tr.snapshot if snapshot else self.tr

    @rule(key=keys, value=values)
    def set(self, key: bytes, value: bytes) -> None:
        self.tr.set(key, value)
        self.model.pairs[key] = value

    @rule(key=keys)
    def clear(self, key: bytes) -> None:
        self.tr.clear(key)
        self.model.pairs.pop(key, None)

    @rule(ends=st.tuples(keys, keys))
    def clear_range(self, ends: tuple[bytes, bytes]) -> None:
        self.tr.clear_range(*sorted(ends))
        self.model.clear_range(*sorted(ends))

    # FoundationDB counts a key under compare_and_clear as present when it resolves selectors before the commit:
    # docs/decisions/2026-11-where-engines-differ.md
    @rule(operation=st.sampled_from(sorted(OPERATIONS.keys() - {"compare_and_clear"})), key=keys, operand=values)
    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        self.tr.atomic(operation, key, operand)
        self.model.atomic(operation, key, operand)

    @rule(key=keys, snapshot=st.booleans())
    def get(self, key: bytes, snapshot: bool) -> None:
        assert self.source(snapshot).get(key).wait() == self.model.pairs.get(key)

    @rule(begin=keys, end=keys, limit=limits, reverse=st.booleans(), snapshot=st.booleans())
    def get_range(self, begin: bytes, end: bytes, limit: int, reverse: bool, snapshot: bool) -> None:
        found = self.source(snapshot).get_range(begin, end, limit=limit, reverse=reverse).wait()
        assert found == self.model.get_range(begin, end, limit, reverse)

    @rule(key=keys, or_equal=st.booleans(), offset=st.integers(-3, 3), snapshot=st.booleans())
    def get_key(self, key: bytes, or_equal: bool, offset: int, snapshot: bool) -> None:
        selector = KeySelector(key, or_equal, offset)
        assert self.source(snapshot).get_key(selector).wait() == self.model.get_key(selector)

    @rule()
    def commit(self) -> None:
        self.tr.commit()
        self.committed = self.model.pairs
        self.check_and_go_on()

    @rule()
    def give_up(self) -> None:
        self.check_and_go_on()

    def check_and_go_on(self) -> None:
        self.tr.cancel()
        assert contents(self.engine) == self.committed
        self.begin()

    @invariant()
    def sees_what_the_model_holds(self) -> None:
        assert self.tr.get_range(b"", b"\xff").wait() == sorted(self.model.pairs.items())

    def teardown(self) -> None:
        if hasattr(self, "tr"):
            self.tr.cancel()


def test_a_database_answers_like_an_ordered_dictionary(database: Engine) -> None:
    class Machine(Transactions):
        engine = database

    run_state_machine_as_test(Machine, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))
