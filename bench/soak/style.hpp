// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace perron::soak {

/// The looks of a report: light and dark, wide and narrow, and on paper. Contains nothing that XML would
/// escape.
inline constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark; --paper: #fbfaf8; --card: #ffffff; --ink: #23252b; --soft: #666b76; --line: #e4e1db;
  --grid: #ebe8e2; --band: #f4f1ec; --good: #1d7a4c; --bad: #b3261e; --open: #666b76;
  --c0: #2f6db5; --c1: #d9772b; --c2: #3d8f58; --c3: #7d5ba6; --c4: #c23b3b; --c5: #8a6348; --c6: #1f8f97; --c7: #8b8f98; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171b; --card: #1c1f25; --ink: #e6e4df; --soft: #9ba1ac;
  --line: #2e323a; --grid: #2a2e36; --band: #20242a; --good: #5fc48d; --bad: #ff8a80; --open: #9ba1ac;
  --c0: #6fa8e8; --c1: #f0a060; --c2: #74c48d; --c3: #b596dd; --c4: #f07f7f; --c5: #c9a080; --c6: #5cc4cb; --c7: #9aa0ab; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
header .made { color: var(--soft); font-size: 14px; letter-spacing: .02em; margin: 0; }
h1 { font-size: 34px; line-height: 1.15; letter-spacing: -.015em; margin: 4px 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 20px; letter-spacing: -.005em; margin: 48px 0 14px; }
h3 { font-size: 16px; margin: 0 0 2px; }
p { margin: 0 0 8px; }
code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px; margin: 28px 0 0; padding: 0;
  list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.tiles .what { color: var(--soft); font-size: 13px; display: block; }
.tiles .value { font-size: 26px; line-height: 1.25; font-weight: 600; letter-spacing: -.01em; display: block;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.tiles .more { color: var(--soft); font-size: 13px; display: block; }
.verdicts { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.verdicts li { display: grid; grid-template-columns: 92px 1fr; gap: 0 12px; padding: 10px 16px; border-top: 1px solid var(--line); }
.verdicts li:first-child { border-top: 0; }
.verdicts .figures { color: var(--soft); grid-column: 2; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.state { font-weight: 600; white-space: nowrap; }
.holds { color: var(--good); } .fails { color: var(--bad); } .unknown { color: var(--open); }
.plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px 10px; min-width: 0; }
figure.whole { grid-column: 1 / -1; }
figcaption { margin-bottom: 6px; }
figcaption .unit { color: var(--soft); font-size: 13px; }
figure .note { color: var(--soft); font-size: 13px; margin: 6px 0 0; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.slim { display: none; }
svg text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .name { font-size: 12.5px; font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
svg .grid { stroke: var(--grid); } svg .axis { stroke: var(--soft); stroke-opacity: .6; }
svg .phase { fill: var(--band); } svg .span { font-size: 11.5px; }
svg .mark line { stroke: var(--soft); stroke-dasharray: 2 3; } svg .said { font-size: 11.5px; fill: var(--ink);
  paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; } svg .dashed { stroke-dasharray: 5 4; stroke-width: 1.5; }
svg .area { stroke: none; fill-opacity: .12; } svg .tip { fill: transparent; } svg .tip:hover { fill: var(--ink); fill-opacity: .06; }
svg .curve.c0 { stroke: var(--c0); } svg .curve.c1 { stroke: var(--c1); } svg .curve.c2 { stroke: var(--c2); } svg .curve.c3 { stroke: var(--c3); }
svg .curve.c4 { stroke: var(--c4); } svg .curve.c5 { stroke: var(--c5); } svg .curve.c6 { stroke: var(--c6); } svg .curve.c7 { stroke: var(--c7); }
svg .area.c0 { fill: var(--c0); } svg .area.c1 { fill: var(--c1); } svg .area.c2 { fill: var(--c2); } svg .area.c3 { fill: var(--c3); }
svg .area.c4 { fill: var(--c4); } svg .area.c5 { fill: var(--c5); } svg .area.c6 { fill: var(--c6); } svg .area.c7 { fill: var(--c7); }
svg .t0, .k0 { fill: var(--c0); color: var(--c0); } svg .t1, .k1 { fill: var(--c1); color: var(--c1); }
svg .t2, .k2 { fill: var(--c2); color: var(--c2); } svg .t3, .k3 { fill: var(--c3); color: var(--c3); }
svg .t4, .k4 { fill: var(--c4); color: var(--c4); } svg .t5, .k5 { fill: var(--c5); color: var(--c5); }
svg .t6, .k6 { fill: var(--c6); color: var(--c6); } svg .t7, .k7 { fill: var(--c7); color: var(--c7); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
@media (min-width: 761px) { .slender { max-width: 420px; } }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 14px; text-align: right; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; vertical-align: bottom; }
th:first-child, td.text { text-align: left; } tbody th { font-weight: 500; white-space: nowrap; } td.number { white-space: nowrap; }
td.text { overflow-wrap: anywhere; min-width: 9em; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--soft); font-size: 14px; padding: 4px 0; }
footer { color: var(--soft); font-size: 13px; margin-top: 56px; }
@media (max-width: 760px) { main { padding: 24px 14px 48px; } h1 { font-size: 26px; } .plots { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; } .tiles li { padding: 10px 12px; } .tiles .value { font-size: 21px; }
  figure { padding: 12px 10px 8px; } .wide { display: none; } .slim { display: block; }
  .verdicts li { grid-template-columns: 1fr; } .verdicts .figures { grid-column: 1; } th, td { padding: 7px 10px; } }
@media print { body { background: #fff; } figure, .tiles li { break-inside: avoid; } }
)css";

} // namespace perron::soak
