"""The hash tree of a day's receipts: RFC 6962's own vectors, and its law: every leaf's proof holds, no other does."""

from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.receipt.verify import Wrong, root_by
from rules.receipts.tree import GENESIS, chained, leaf_of, path_to, root_of

# The eight leaves of the test vectors of Certificate Transparency's reference implementation, and the roots over the
# first n of them.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

hashes = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=70).map(
    lambda rows: [leaf_of(row) for row in rows]
)


@pytest.mark.parametrize("count", range(1, 9))
def test_the_root_is_the_one_of_the_published_vectors(count: int) -> None:
    assert root_of([leaf_of(leaf) for leaf in LEAVES[:count]]).hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == sha256(b"").digest()


@given(hashes)
def test_every_leafs_path_leads_to_the_root(leaves: list[bytes]) -> None:
    root = root_of(leaves)

    assert all(root_by(leaf, at, len(leaves), path_to(leaves, at)) == root for at, leaf in enumerate(leaves))


@given(hashes, st.data())
def test_no_other_leaf_place_count_or_path_does(leaves: list[bytes], data: st.DataObject) -> None:
    root, count = root_of(leaves), len(leaves)
    at = data.draw(st.integers(0, count - 1))
    path = path_to(leaves, at)
    stranger = leaf_of(data.draw(st.binary(min_size=41, max_size=45)))

    def leads(leaf: bytes, place: int, of: int, by: list[bytes]) -> bool:
        try:
            return root_by(leaf, place, of, by) == root
        except Wrong:
            return False

    assert leads(leaves[at], at, count, path)
    assert not leads(stranger, at, count, path)
    others = [place for place in range(count) if leaves[place] != leaves[at]]
    assert not any(leads(leaves[place], at, count, path) for place in others)
    assert not leads(leaves[at], at, count, [*path, stranger])
    assert not leads(leaves[at], at, count, path[:-1]) or not path
    if path:
        step = data.draw(st.integers(0, len(path) - 1))
        assert not leads(leaves[at], at, count, [*path[:step], stranger, *path[step + 1 :]])
    assert not leads(leaves[at], at, at, path)


@given(hashes, st.data())
def test_another_order_is_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.permutations(leaves))

    assert (root_of(other) == root_of(leaves)) is (other == leaves)


def test_a_node_is_never_a_leaf() -> None:
    left, right = leaf_of(b"a"), leaf_of(b"b")

    assert leaf_of(left + right) != root_of([left, right])


@pytest.mark.parametrize("place", [-1, 3])
def test_there_is_no_path_to_a_leaf_that_is_not_there(place: int) -> None:
    with pytest.raises(IndexError):
        path_to([b"a", b"b", b"c"], place)


def test_a_days_chain_is_over_all_that_its_root_says_and_the_days_before() -> None:
    day, root = date(2026, 11, 30), "ab" * 32
    text = f"{GENESIS} 2026-11-30 3 {root}"

    assert chained(GENESIS, day, 3, root) == sha256(text.encode()).hexdigest()
    others = {
        chained("cd" * 32, day, 3, root),
        chained(GENESIS, date(2026, 12, 1), 3, root),
        chained(GENESIS, day, 4, root),
        chained(GENESIS, day, 3, "cd" * 32),
    }
    assert len(others) == 4 and chained(GENESIS, day, 3, root) not in others
