"""The looks of views: colours that fit a light page and a dark one."""

from __future__ import annotations

#: The style of a view, and of nothing around it. Where notebooks have their own style for lists, tables and
#: preformatted text, selectors are longer than they would need to be, and win. Text is clipped, since letters
#: with many marks, one above the other, would cover what others said.
STYLE = """
.portal-view { max-width: 56rem; margin: 0 0 .8rem; line-height: 1.5; overflow-wrap: anywhere; }
.portal-view p, .portal-view dd, .portal-view th, .portal-view td, .portal-view caption { overflow: clip; }
.portal-view header { margin: 0 0 .8rem; }
.portal-view p { margin: 0; }
.portal-view .title { font-size: 1.05rem; }
.portal-view .status { font-size: .8rem; font-weight: 600; border: 1px solid; }
.portal-view .status { border-radius: 1rem; padding: 0 .5rem; }
.portal-view .good { background: rgba(25, 135, 84, .16); }
.portal-view .busy { background: rgba(255, 170, 0, .18); }
.portal-view .bad { background: rgba(220, 53, 69, .18); }
.portal-view dl { display: flex; flex-wrap: wrap; gap: 0 1.4rem; margin: .2rem 0 0; font-size: .875rem; }
.portal-view dl div { display: flex; gap: .4rem; }
.portal-view dl dt { font-weight: 400; opacity: .75; float: none; width: auto; white-space: nowrap; }
.portal-view dl dd { margin: 0; float: none; width: auto; }
.portal-view ol.turns { list-style: none; margin: 0; padding: 0; display: grid; gap: .8rem; }
.portal-view .turns > li { margin: 0; min-width: 0; max-width: 88%; justify-self: start; }
.portal-view .turns > .user { justify-self: end; }
.portal-view .author { font-size: .8rem; opacity: .8; margin: 0 .6rem .1rem; }
.portal-view .user .author { text-align: end; }
.portal-view .role { font-weight: 600; }
.portal-view .icon { border: 1px solid; border-radius: .3rem; padding: 0 .25rem; font-size: .7rem; }
.portal-view pre.text {
  font: inherit; color: inherit; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate;
  word-break: normal; line-height: inherit; overflow: clip;
  margin: 0; padding: .5rem .85rem; min-height: 1.5em; border-radius: .9rem;
  border: 1px solid rgba(128, 128, 128, .35); background: rgba(128, 128, 128, .1);
}
.portal-view .assistant pre.text { border-end-start-radius: .2rem; }
.portal-view .user pre.text { border-end-end-radius: .2rem; background: rgba(79, 70, 229, .16); }
.portal-view .other pre.text { border-style: dashed; }
.portal-view .note, .portal-view .caption, .portal-view caption { font-size: .875rem; opacity: .8; }
.portal-view .note { font-style: italic; margin: .3rem 0; }
.portal-view .wide { overflow-x: auto; margin: .6rem 0; }
.portal-view .wide table { border-collapse: collapse; font-size: .875rem; table-layout: auto; margin: 0; }
.portal-view .wide caption, .portal-view .wide th, .portal-view .wide td { text-align: start; }
.portal-view .wide th, .portal-view .wide td { vertical-align: top; line-height: inherit; }
.portal-view .wide th, .portal-view .wide td { padding: .2rem .7rem .2rem 0; white-space: normal; }
.portal-view .wide tr { border-bottom: 1px solid rgba(128, 128, 128, .35); }
.portal-view .wide td { min-width: 4rem; max-width: 24rem; }
.portal-view .wide th { overflow-wrap: break-word; max-width: 24rem; }
.portal-view .wide table.branches { table-layout: fixed; width: 100%; font-size: inherit; }
.portal-view .branches tbody tr { background: none; }
.portal-view .branches tr th { width: 15rem; font-weight: inherit; }
.portal-view .branches tr th, .portal-view .branches tr td { max-width: none; padding: .5rem .8rem .5rem 0; }
.portal-view .branches .turns > li { max-width: 100%; }
.portal-view .branches header { margin: 0; }
.portal-view .branches .taken { opacity: .7; }
.portal-view .branches .taken td { vertical-align: bottom; }
.portal-view time { white-space: nowrap; }
.portal-view svg { max-width: 100%; height: auto; color: inherit; }
@media print {
  .portal-view .author, .portal-view .title { break-after: avoid; }
  .portal-view pre.text { orphans: 3; widows: 3; }
}
"""

#: The style of a page that holds one view.
PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; padding: 0 1rem; max-width: 56rem; font: 1rem/1.5 system-ui, sans-serif; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } @page { margin: 2cm; } }
"""
