"""report.html in a browser: it says nothing, asks for nothing, fits the screen; and no name of anything gets into its structure."""

import html.parser
import os
import pathlib
import subprocess
import unittest

from coldload_cli import CliTest, until
import chromium

RENDER = os.environ["COLDLOAD_RENDER_REPORT"]

# Every name and text of a report begins with one of these.
HOSTILE = [
    b"<script>document.title='taken'</script>", b"<ScRiPt src=//example.net/x.js></sCrIpT>", b"<img src=x onerror=document.title='taken'>",
    b"\"><img src=x onerror=document.title='taken'>", b"'><svg onload=document.title='taken'>", b"\" onmouseover=\"document.title='taken'",
    b"' onfocus='document.title=1' autofocus='", b"</title><script>1</script>", b"</style><style>*{display:none}</style>",
    b"</svg><b>", b"</desc></title><circle r=9>", b"</td></tr></table><h1>", b"</a><a href=javascript:document.title=1>", b"<!--", b"-->", b"<!-- --!><b>",
    b"<![CDATA[<b>]]>", b"]]>", b"<?php echo 1 ?>", b"<!DOCTYPE x>", b"<base href=//example.net/>", b"<meta http-equiv=refresh content=0>",
    b"<link rel=stylesheet href=//example.net/x.css>", b"<iframe srcdoc='<script>1</script>'>", b"<object data=x>", b"<embed src=x>", b"<form action=x><input>",
    b"<textarea>", b"<plaintext>", b"<noscript><p title=\"</noscript><img src=x onerror=1>\">", b"<template><b></template>", b"<math><mi xlink:href=x>",
    b"<details open ontoggle=1>", b"<a href='data:text/html,x'>", b"&lt;script&gt;", b"&#60;b&#62;", b"&#x3c;b&#x3e;", b"&quot;&apos;&amp", b"&#0;&#1114112;",
    b"\x00<b>", b"\x1b]0;x\x07<b>", b"\xff\xfe<b>", b"\xc0\xbcscript\xc0\xbe", b"\xe2\x80\xae<b>", b"\xf0\x9f\x99<b>", b"\r\n<b>\t", b"=cmd|' /C calc'!A0",
    b"{{7*7}}${7*7}<%= 7*7 %>", b"javascript:document.title='taken'//", b"\\u003cb\\u003e\\\"><b>", b"`><b class=`x`>", b"a" * 3000 + b"<b>",
]

STRUCTURE = """
[...document.querySelectorAll('*')].filter(e => e.localName !== 'wbr')
  .map(e => e.localName + ' ' + [...e.attributes].map(a => a.name).sort().join(' ')).join('\\n')
"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OUTSIDE = """
[...document.querySelectorAll('svg text, h1, p, li, caption, .chart th, .chart td')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width > 0 && !e.closest('.unseen') && (box.left < -1 || box.right > innerWidth + 1);
}).map(e => e.textContent.trim())
"""
OVERLAPPING = """
[...document.querySelectorAll('svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll('text')].filter(e => e.textContent !== '×');
  const boxes = texts.map(e => e.getBoundingClientRect());
  const found = [];
  for (let i = 0; i < texts.length; ++i) for (let j = 0; j < i; ++j) {
    const a = boxes[i], b = boxes[j];
    if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
      found.push(texts[j].textContent + ' | ' + texts[i].textContent);
  }
  return found;
})
"""
SMALLEST = """
Math.min(...[...document.querySelectorAll('body *')].filter(e => e.childNodes.length && e.getBoundingClientRect().height > 0)
  .map(e => parseFloat(getComputedStyle(e).fontSize)))
"""


class Parser(html.parser.HTMLParser):
    """Elements with the names of their attributes, without places to break."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag != "wbr":
            self.elements.append((tag, sorted(name for name, _ in attributes)))

    def handle_endtag(self, tag):
        self.elements.append((tag, None))

    def handle_comment(self, data):
        self.elements.append(("comment", data))

    def handle_pi(self, data):
        self.elements.append(("instruction", data))


class Reports(CliTest):
    def render(self, *arguments):
        out = pathlib.Path(self.path(f"{arguments[0]}.html"))
        subprocess.run([RENDER, *arguments, out], check=True, timeout=60)
        return out

    def render_hostile(self, text):
        return self.render("hostile", self.write("text", text))


@unittest.skipIf(chromium.path() is None, "no chromium")
class InABrowserCliTest(Reports):
    def check_silent(self, browser):
        self.assertEqual(browser.messages, [])
        self.assertEqual(browser.requests, [])

    def test_says_nothing_and_asks_for_nothing(self):
        with chromium.Chromium() as browser:
            for kind in ("sample", "large"):
                browser.show(self.render(kind))
                self.check_silent(browser)
                self.assertEqual(browser.evaluate("document.styleSheets.length"), 1)
                self.assertNotEqual(browser.evaluate("getComputedStyle(document.body).maxWidth"), "none")

    def test_a_style_or_script_that_gets_in_is_refused_by_its_own_policy(self):
        page = self.render("sample")
        page.write_text(page.read_text().replace("</main>", "<script>document.title='taken'</script><p style='color:red'>x</p>"
                                                 "<img src='https://example.net/x.png'></main>"))
        with chromium.Chromium() as browser:
            browser.show(page)
            self.assertNotEqual(browser.evaluate("document.title"), "taken")
            # Each answer brings what the page has said meanwhile.
            self.assertTrue(until(lambda: browser.evaluate("1") == 1 and len(browser.messages) >= 3, 10), browser.messages)

    def test_fits_every_screen_without_overlap(self):
        with chromium.Chromium() as browser:
            for kind in ("sample", "large"):
                page = self.render(kind)
                for width in (1280, 768, 390, 320):
                    browser.show(page, width=width)
                    with self.subTest(kind=kind, width=width):
                        self.assertLessEqual(browser.evaluate(TOO_WIDE), 0)
                        self.assertEqual(browser.evaluate(OUTSIDE), [])
                        self.assertEqual(browser.evaluate(OVERLAPPING), [])
                        self.assertGreaterEqual(browser.evaluate(SMALLEST), 11)

    def test_is_dark_in_the_dark_and_light_on_paper(self):
        ground = "getComputedStyle(document.body).backgroundColor"
        with chromium.Chromium() as browser:
            page = self.render("sample")
            browser.show(page, dark=True)
            self.assertEqual(browser.evaluate(ground), "rgb(22, 24, 26)")
            browser.call("Emulation.setEmulatedMedia", media="print",
                         features=[{"name": "prefers-color-scheme", "value": "dark"}])
            self.assertEqual(browser.evaluate(ground), "rgb(255, 255, 255)")
            browser.print(pathlib.Path(self.path("report.pdf")))
            self.assertTrue((pathlib.Path(self.path("report.pdf"))).read_bytes().startswith(b"%PDF"))

    def test_holds_no_node_that_a_hostile_name_made(self):
        with chromium.Chromium() as browser:
            browser.show(self.render_hostile(b"a name"))
            expected = browser.evaluate(STRUCTURE)
            for text in HOSTILE:
                with self.subTest(text=text[:60]):
                    browser.show(self.render_hostile(text))
                    self.check_silent(browser)
                    self.assertEqual(browser.evaluate(STRUCTURE), expected)
                    self.assertNotEqual(browser.evaluate("document.title"), "taken")


class ParsedCliTest(Reports):
    def test_there_are_fifty_hostile_names(self):
        self.assertGreaterEqual(len(set(HOSTILE)), 50)

    def test_no_hostile_name_makes_an_element(self):
        expected = Parser(self.render_hostile(b"a name").read_text()).elements
        self.assertGreater(len(expected), 1000)
        for text in HOSTILE:
            with self.subTest(text=text[:60]):
                page = self.render_hostile(text).read_text()
                self.assertEqual(Parser(page).elements, expected)

    def test_every_hostile_name_is_there_to_be_read(self):
        page = self.render_hostile(b"<b>x</b>").read_text()
        self.assertGreater(page.count("&lt;b&gt;x&lt;/"), 100)

    def test_every_element_that_is_opened_is_closed(self):
        empty = {"meta", "wbr", "rect", "line", "circle"}
        opened = []
        for tag, attributes in Parser(self.render("large").read_text()).elements:
            if attributes is not None:
                if tag not in empty:
                    opened.append(tag)
            elif tag not in empty:
                self.assertEqual(opened.pop(), tag)
        self.assertEqual(opened, [])


if __name__ == "__main__":
    unittest.main()
