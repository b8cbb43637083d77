"""HTML and SVG elements from values: everything that came from outside is escaped here."""

from collections.abc import Iterable
from html import escape

Attribute = str | float | int


def element(tag: str, *children: str, **attributes: Attribute) -> str:
    """Return ``<tag …>children</tag>``; children are markup, so pass texts through :func:`text`.

    >>> element("p", text("1 < 2"), class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{shown}>{''.join(children)}</{tag}>"


def text(value: object) -> str:
    return escape(str(value))


def tooltip(value: object) -> str:
    """SVG's own tooltip, which screen readers read as well."""
    return element("title", text(value))


def table(headings: Iterable[str], rows: Iterable[Iterable[str]], *, caption: str) -> str:
    """Return a table; cells are markup."""
    head = element("tr", *(element("th", text(heading), scope="col") for heading in headings))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    inner = element(
        "table",
        element("caption", text(caption)),
        element("thead", head),
        element("tbody", *body),
    )
    return element("div", inner, class_="scroll", role="region", tabindex=0, aria_label=caption)


def _value(value: Attribute) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(str(value), quote=True)
