# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page as HTML, from templates beside this file.

Evidence holds text that a server sent, and that server may be hostile: autoescape is on, and every
value passes C(visible) on its way into the page. No script, and nothing from outside.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from . import model
from .curve import Curve, Stall
from .documents import of_one_firm
from .text import Words, inert, shown, visible, words_of

_TEMPLATES = Path(__file__).parent / "templates"


def firm_page(
    documents: Sequence[Mapping[str, Any]],
    language: str = "en",
    missing: Sequence[model.Missing] = (),
    firm: str = "",
) -> str:
    """Return the page on one firm as one HTML document.

    `firm` names it where there is no document. Raises `InputError` for what is no evidence, for
    evidence of several firms, and for a language without words.
    """
    known = of_one_firm(documents)
    page = model.page_of(known[0]["firm"] if known else firm, known, missing)
    text = _environment(language).get_template("report.html.j2").render(page=page)
    return inert("\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n")


@functools.cache
def _environment(language: str) -> jinja2.Environment:
    """Return what knows the words of a language; it keeps the compiled templates."""
    words = words_of(language)
    show = Show(words)
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(area_name=show.area, scenario_name=show.scenario)
    environment.globals.update(
        words=words, show=show, shown=shown, model=model, style=Markup(style)
    )
    return environment


def _finalize(value: Any) -> Any:
    """Make visible what is no markup of ours."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class Show:
    """How the template words what the evidence says."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def flow(self, key: str) -> str:
        """Return the name of a flow by its key; one that has no words keeps its id."""
        base = model.base_flow(key)
        if not self.words.has("flows", base):
            return key
        name = self.words(f"flows.{base}.name")
        return self.words("inbound", flow=name) if key != base else name

    def impact(self, row: model.Row) -> Text:
        """Return what breaks without the flow; in the evidence's own English where we have no
        words."""
        base = model.base_flow(model.flow_key(row))
        if self.words.has("flows", base):
            return Text(self.words(f"flows.{base}.impact"), "")
        return Text(str(row["impact"]), self.foreign)

    def area(self, name: str) -> str:
        return self.words(f"areas.{name}") if self.words.has("areas", name) else name

    def verdict(self, name: str) -> str:
        return self.words(f"verdicts.{name}.name") if self.words.has("verdicts", name) else name

    def meaning(self, name: str) -> str:
        return self.words(f"verdicts.{name}.meaning") if self.words.has("verdicts", name) else ""

    def scenario(self, name: str) -> str:
        return self.words(f"scenarios.{name}") if self.words.has("scenarios", name) else name

    @property
    def foreign(self) -> str:
        """The language of what modules write, where the page has another."""
        return "" if self.words.lang == "en" else "en"

    def any(self, items: Sequence[str]) -> str:
        """Return ports or peers as a list, with the language's word for any."""
        return ", ".join(self.words("any") if item == "any" else item for item in items)

    def amount(self, transfer: model.Transfer) -> str:
        data = transfer.data
        key = "amount.verified" if data.get("verified") else "amount.plain"
        return self.words(key, bytes=data["bytes"], rate=self.words.rate(data.get("mbit") or 0.0))

    def stall(self, stall: Stall) -> str:
        return self.words(
            "curve.stall",
            start=self.words.seconds(stall.start),
            end=self.words.seconds(stall.end),
            length=self.words.seconds(stall.seconds),
        )

    def curve(self, transfer: model.Transfer, curve: Curve) -> str:
        """Return in words what the curve shows, for who cannot see it."""
        data, rate = transfer.data, self.words.rate
        said = [
            self.words(
                "curve.described",
                seconds=self.words.seconds(curve.seconds),
                average=rate(data.get("mbit") or 0.0),
                least=rate(curve.least),
                most=rate(curve.most),
            )
        ]
        said += [self.stall(stall) for stall in curve.stalls]
        if curve.limit:
            said.append(self.words("curve.wanted", rate=rate(curve.limit)))
        return " ".join(said)


class Text:
    """Text and its language where that is not the page's."""

    def __init__(self, text: str, lang: str) -> None:
        self.text = text
        self.lang = lang
