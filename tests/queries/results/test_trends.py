"""Results of trends."""

from queries.results.trends import SeriesInfo, build_action


def test_results_have_no_sql() -> None:
    node = {"kind": "EventsNode", "event": "order", "math": "hogql", "math_hogql": "sum(properties.secret)"}
    action = build_action(SeriesInfo("Orders", node, 1))
    assert "secret" not in str(action)
    assert (action["id"], action["order"], action["math"]) == ("order", 1, "hogql")
