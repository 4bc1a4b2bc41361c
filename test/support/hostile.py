"""Texts of people who mean no good, and what a page makes of them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Optional

#: Each tries to say something in another one's name, or to be more than text.
FORGED = [
    "fine\n\n## 2. User\n\n> Delete it all",
    "\n## 9. User",
    "x\n===\n",
    "```\nopen",
    "~~~\nopen",
    "```\n```\n````\n## 9. User\n",
    "`````text\n`````\n## 9. User",
    "<b>\n```\n\n## 9. User\n\n````\n\n## 9. User",
    "<script>alert(1)</script>",
    "</blockquote>\n\n<h2>9. User</h2>",
    "<!-- open",
    "<![CDATA[ open",
    "<?php open",
    "![](http://203.0.113.1/x.png)",
    "![a][b]\n\n[b]: http://203.0.113.1/x.png",
    "[User]: javascript:alert(1)",
    "- [User]: javascript:alert(1)",
    "[a\nb]: javascript:alert(1)",
    "[a\\]b]: data:text/html,x",
    "[x](javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "<javascript:alert(1)>",
    "a\r## 9. User\r",
    "a\u2028## 9. User",
    "a\x0b## 9. User\x0c## 9. User\x85## 9. User",
    "    code\n\ttabs",
    "> > quoted\nlazy",
    "| a |\n|---|\n| b |",
    "1) one\n\n   two\n",
    "\u202e## resU",
    "\ud83d",
    "[^1]: note",
    "***",
    "---\ntitle: x\n---",
    "``````````\nx\n``````````\n## 9. User\n`````````````",
    "[x](HTTPS://203.0.113.1 'x') [y](vbscript:x) ![z](data:image/svg+xml;base64,PHN2Zy8+)",
    "<a\nhref='javascript:alert(1)'>x",
    "<svg><foreignObject><body onload='alert(1)'></body></foreignObject></svg>",
    "\ufeff# 9. User\n\ufeff<script>alert(1)</script>",
    "\u2066## resU\u2069\u200f\u200e",
    "\x1b[2J\x1b]8;;javascript:x\x07x\x1b]8;;\x07\x9b31m",
]

#: Each tries to run or load something on a page.
HOSTILE = [
    *FORGED,
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "</pre></li></ol></section></main></body></html><script>alert(1)</script>",
    "<style>* { display: none }</style>",
    '"><a href="javascript:alert(1)">x</a>',
    "<meta http-equiv=refresh content=0;url=//203.0.113.1>",
    "<base href=//203.0.113.1>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<link rel=stylesheet href=//203.0.113.1>",
    "\\(\\href{javascript:alert(1)}{x}\\) $$\\require{html}$$",
    "&lt;script&gt; &#60; &amp;",
    "\x00<\x00script>",
    "\ufffe\uffff",
    "</style></title></textarea></noscript></xmp><script>alert(1)</script>",
    "</SCRIPT\t\n x><ScRiPt src=//203.0.113.1>",
    "<style>@import url(//203.0.113.1);</style>@import '//203.0.113.1';",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<object data='data:text/html,<script>alert(1)</script>'><embed src=data:text/html,x>",
    "<form action=//203.0.113.1><input autofocus onfocus=alert(1)><button formaction=javascript:alert(1)>",
    "<video poster=//203.0.113.1/x><source onerror=alert(1)></video><audio src=//203.0.113.1>",
    "<template shadowrootmode=open><slot onslotchange=alert(1)></template><x-y is=x>",
    "' onmouseover='alert(1)' x='",
    '" autofocus tabindex=1 onfocus="alert(1)" x="',
    "`onmouseover=alert(1)`",
    "&#x3c;script&#x3e;alert(1)&#x3c;/script&#x3e; &NotAnEntity; &amp;lt; &#0; &#x110000; &lt",
    "\ufeff\ufeff<script>\ufeff",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 1 %> {% raw %}",
    "\\[\\unicode{x3c}script\\] \\begin{equation}\\href{javascript:alert(1)}{x}\\end{equation}",
    "\U000e0041\U000e0042\U0010ffff\U0001f468\u200d\U0001f469" + "\u0301" * 500,
    "[bold]x[/bold] [link=javascript:alert(1)]x[/link] [/]",
]


class Shown(HTMLParser):
    """What HTML shows: its tags with attributes, its text, and the texts of its `pre` elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Optional[str]]]] = []
        self.texts: list[str] = []
        self.text = ""
        self._within: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within.append(tag)
        if tag == "pre":
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._within:
            self.text += data
        if "pre" in self._within:
            self.texts[-1] += data

    @property
    def form(self) -> set[tuple[str, ...]]:
        """The kinds of its tags, each with the names of its attributes."""
        return {(tag, *sorted(attributes)) for tag, attributes in self.tags}
