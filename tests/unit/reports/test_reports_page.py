"""The page is one file that shows every number of its story."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

from reports.page import render
from tests.unit.reports.a_story import a_story, day


class Tags(HTMLParser):
    """Collects the tags of a document and whether each closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(page: str) -> Tags:
    parser = Tags()
    parser.feed(page)
    return parser


def test_every_element_is_closed() -> None:
    assert tags(render(a_story())).open == []


def test_the_page_needs_nothing_from_outside_and_no_script() -> None:
    page = render(a_story())
    for tag, attributes in tags(page).seen:
        assert tag not in ("script", "link", "img", "iframe")
        assert not {"src", "href"} & attributes.keys()
    assert "@import" not in page
    assert "url(" not in page


def _caption_height(page: str, caption: str) -> float:
    found = re.search(rf'<text[^>]* y="([\d.]+)"[^>]*class="caption">{re.escape(caption)}<', page)
    assert found is not None, caption
    return float(found.group(1))


def test_each_lines_caption_is_on_its_own_side_whichever_way_is_better() -> None:
    higher = a_story()
    swapped = replace(
        higher,
        months=tuple(
            replace(month, live=month.frozen, frozen=month.live) for month in higher.months
        ),
    )
    for story, upper, lower in (
        (higher, "live", "v1, never retrained"),
        (swapped, "v1, never retrained", "live"),
    ):
        page = render(story)
        assert _caption_height(page, upper) < _caption_height(page, lower)


def test_texts_from_outside_are_escaped() -> None:
    page = render(replace(a_story(), title="<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "v2 &lt;serves&gt;" in page


def test_each_month_shows_both_qualities_and_each_promotion_its_version() -> None:
    page = render(a_story())
    for shown in ("0.842", "0.720", "+0.122", "v4 promoted 1997-10-04", "May 1997: AUC 0.700"):
        assert shown in page


def test_a_missed_bar_is_marked() -> None:
    assert render(a_story()).count('class="figure missed"') == 1


def test_charts_are_well_formed_and_stay_inside_their_frame() -> None:
    for drawing in re.findall(r"<svg.*?</svg>", render(a_story())):
        root = ElementTree.fromstring(drawing)  # our own output
        _, _, width, height = (float(each) for each in root.attrib["viewBox"].split())
        for each in root.iter():
            assert 0 <= float(each.get("cx", each.get("x", 0))) <= width
            assert 0 <= float(each.get("cy", each.get("y", 0))) <= height


def test_a_story_without_months_or_verdicts_still_gives_a_page() -> None:
    empty = replace(a_story(), months=(), verdicts=(), promotions=(), drift_checks=(), events=())
    assert tags(render(empty)).open == []


def test_the_same_story_gives_the_same_bytes() -> None:
    assert render(a_story()) == render(a_story())


def test_a_moment_outside_the_year_is_drawn_at_its_edge() -> None:
    story = a_story()
    assert render(replace(story, drift_alarms=(day("2001-01-01"),)))
