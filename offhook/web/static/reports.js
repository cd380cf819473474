// Lines over time: what the page has in data-chart, drawn by uPlot. Shares on the right, all else on the left.
"use strict";

const COLOURS = ["#0b6e5f", "#d08a1d", "#b3392f", "#3d7fd0", "#9256c4", "#5c6b64", "#2a9d5c", "#c2478e"];

function draw(place) {
  const told = JSON.parse(place.dataset.chart);
  const ink = getComputedStyle(document.body).color;
  const grid = getComputedStyle(document.documentElement).getPropertyValue("--line");
  const shares = told.lines.some((line) => line.unit === "share");
  const others = told.lines.some((line) => line.unit !== "share");
  const xs = told.labels.map((_, n) => n);
  const series = [{ label: "At", value: (_, n) => (n == null ? "" : told.labels[n]) }].concat(
    told.lines.map((line, n) => ({
      label: line.unit === "s" ? `${line.title} (s)` : line.title,
      scale: line.unit === "share" ? "share" : "y",
      stroke: COLOURS[n % COLOURS.length],
      width: 2,
      points: { show: told.labels.length < 60 },
      value: (_, number) => (number == null ? "–" : line.unit === "share" ? `${(100 * number).toFixed(1)} %` : `${+number.toFixed(1)}`),
    })),
  );
  const axes = [{ stroke: ink, grid: { stroke: grid }, incrs: [1, 2, 5, 10, 20, 50, 100], values: (_, ns) => ns.map((n) => told.labels[n] ?? "") }];
  if (others) axes.push({ stroke: ink, grid: { stroke: grid }, scale: "y" });
  if (shares) axes.push({ stroke: ink, grid: { show: !others, stroke: grid }, scale: "share", side: others ? 1 : 3, values: (_, ns) => ns.map((n) => `${Math.round(100 * n)} %`) });
  const scales = { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.05 : 1] }, share: { range: [0, 1] } };
  const chart = new uPlot({ width: place.clientWidth - 16, height: 280, series, axes, scales }, [xs, ...told.lines.map((line) => line.values)], place);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth - 16, height: 280 })).observe(place);
}

for (const place of document.querySelectorAll("[data-chart]")) draw(place);
