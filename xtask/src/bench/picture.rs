//! A double logarithmic picture of the times of one row.

use std::fmt::Write;

use super::number::{thousands, time};
use super::outcome::{Outcome, Point};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 300.0;
const MARGIN: f64 = 56.0;

/// The decades at the ends of both axes.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn of(points: &[Point]) -> Self {
        let sizes = points.iter().map(|point| (point.size as f64).log10());
        let seconds = points.iter().flat_map(|point| {
            let costs = [Some(point.ours), point.theirs].into_iter().flatten();
            costs.map(|cost| cost.seconds().max(1e-4).log10())
        });
        Self {
            x: bounds(sizes),
            y: bounds(seconds),
        }
    }

    fn place(&self, size: f64, seconds: f64) -> (f64, f64) {
        let part = |value: f64, (low, high): (f64, f64)| (value.log10() - low) / (high - low);
        let x = MARGIN + part(size, self.x) * (WIDTH - 2.0 * MARGIN);
        let y = HEIGHT - MARGIN - part(seconds.max(1e-4), self.y) * (HEIGHT - 2.0 * MARGIN);
        (x, y)
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let (low, high) = (low.floor(), high.ceil());
    (low, if high > low { high } else { low + 1.0 })
}

/// The picture.
pub(super) fn svg(result: &Outcome) -> String {
    let frame = Frame::of(&result.points);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{MARGIN}\" y=\"20\">{}</text>\n",
        result.question
    );
    grid(&frame, &mut svg);
    let times = |seconds: &dyn Fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        let place = |point: &Point| Some(frame.place(point.size as f64, seconds(point)?));
        result.points.iter().filter_map(place).collect()
    };
    let ours = times(&|point| Some(point.ours.seconds()));
    let theirs = times(&|point| Some(point.theirs?.seconds()));
    series(&ours, ("#0a58ca", "sshmend"), &mut svg);
    series(&theirs, ("#b02a37", &result.theirs), &mut svg);
    svg + "</svg>\n"
}

fn grid(frame: &Frame, svg: &mut String) {
    let decades =
        |(low, high): (f64, f64)| (low as i32..=high as i32).map(|power| 10f64.powi(power));
    let (right, bottom) = (WIDTH - MARGIN, HEIGHT - MARGIN);
    for lines in decades(frame.x) {
        let (x, _) = frame.place(lines, 1.0);
        let label = thousands(lines as usize);
        push(
            svg,
            format_args!(
                "<path d=\"M{x:.1} {MARGIN}V{bottom}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\n",
                bottom + 16.0
            ),
        );
    }
    for seconds in decades(frame.y) {
        let (_, y) = frame.place(1.0, seconds);
        let label = time(seconds);
        push(
            svg,
            format_args!(
                "<path d=\"M{MARGIN} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
                MARGIN - 4.0,
                y + 4.0
            ),
        );
    }
}

fn series(places: &[(f64, f64)], (colour, name): (&str, &str), svg: &mut String) {
    if places.is_empty() {
        return;
    }
    let path: Vec<String> = places
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    push(
        svg,
        format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
            path.join(" ")
        ),
    );
    for (x, y) in places {
        push(
            svg,
            format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>\n"),
        );
    }
    if let Some((x, y)) = places.last() {
        push(
            svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\" text-anchor=\"end\">{name}</text>\n",
                x - 6.0,
                y - 8.0
            ),
        );
    }
}

fn push(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text)
        .expect("writing to memory does not fail");
}
