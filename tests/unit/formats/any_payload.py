"""What may come on any topic? Strategies for JSON of a vendor's own words in places where it does not put them."""

from typing import Any

from hypothesis import strategies as st


def any_json(*words: str) -> st.SearchStrategy[Any]:
    """Return JSON values whose keys and texts are mostly these words."""
    known = st.sampled_from(words)
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | known
    return st.recursive(
        leaves,
        lambda inside: st.lists(inside, max_size=4) | st.dictionaries(known | st.text(max_size=4), inside, max_size=5),
        max_leaves=20,
    )


def any_object(*words: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return JSON objects whose keys and texts are mostly these words."""
    return st.dictionaries(st.sampled_from(words) | st.text(max_size=4), any_json(*words), max_size=8)
