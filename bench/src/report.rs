//! The figures: medians and spreads of the rounds, the server beside the floor.

use crate::load::{Paced, Rate};

/// What one round of one server gave.
#[derive(Clone, Copy)]
pub struct Round {
    pub inbound: Rate,
    pub round_trip: Rate,
    pub new_customers: Rate,
    pub paced: Paced,
}

/// Memory in MiB: at rest, and for each 1,000 idle agents.
#[derive(Clone, Copy)]
pub struct Memory {
    pub rest: f64,
    pub per_thousand: f64,
}

/// All that was measured of one server.
pub struct Figures {
    pub name: &'static str,
    pub rounds: Vec<Round>,
    pub memory: Option<Memory>,
}

struct Line {
    what: &'static str,
    wanted: &'static str,
    digits: usize,
    of: fn(&Round) -> f64,
}

const LINES: [Line; 11] = [
    Line { what: "inbound, messages/s", wanted: ">= 0.33", digits: 0, of: |round| round.inbound.per_second },
    Line { what: "round trips/s", wanted: ">= 0.40", digits: 0, of: |round| round.round_trip.per_second },
    Line { what: "new customers/s", wanted: "", digits: 0, of: |round| round.new_customers.per_second },
    Line { what: "paced, to the agent: p50 ms", wanted: "", digits: 2, of: |round| round.paced.to_agent.p50 },
    Line {
        what: "paced, to the agent: p99 ms",
        wanted: "<= 3",
        digits: 2,
        of: |round| round.paced.to_agent.p99,
    },
    Line {
        what: "paced, round trip: p50 ms",
        wanted: "",
        digits: 2,
        of: |round| round.paced.to_provider.p50,
    },
    Line {
        what: "paced, round trip: p99 ms",
        wanted: "<= 3",
        digits: 2,
        of: |round| round.paced.to_provider.p99,
    },
    Line {
        what: "paced, round trip: max ms",
        wanted: "",
        digits: 1,
        of: |round| round.paced.to_provider.max,
    },
    Line { what: "CPU s per 10,000 inbound", wanted: "", digits: 2, of: |round| round.inbound.cpu_per_10k },
    Line {
        what: "CPU s per 10,000 round trips",
        wanted: "",
        digits: 2,
        of: |round| round.round_trip.cpu_per_10k,
    },
    Line { what: "CPU s per 10,000 paced", wanted: "", digits: 2, of: |round| round.paced.cpu_per_10k },
];

/// The table, with what the first server is to the second.
pub fn table(all: &[Figures]) -> String {
    let mut text = format!("{:30}", "");
    for figures in all {
        text.push_str(&format!("  {:>26}", figures.name));
    }
    let compared = all.len() == 2;
    text.push_str(if compared { "   ratio  wanted\n" } else { "\n" });
    for line in &LINES {
        let values: Vec<Vec<f64>> =
            all.iter().map(|figures| figures.rounds.iter().map(line.of).collect()).collect();
        row(&mut text, line.what, line.wanted, line.digits, &values);
    }
    let memory: Vec<Memory> = all.iter().filter_map(|figures| figures.memory).collect();
    if memory.len() == all.len() {
        let rest: Vec<Vec<f64>> = memory.iter().map(|memory| vec![memory.rest]).collect();
        row(&mut text, "MiB at rest", "<= 40 MiB", 1, &rest);
        let agents: Vec<Vec<f64>> = memory.iter().map(|memory| vec![memory.per_thousand]).collect();
        row(&mut text, "MiB per 1,000 idle agents", "<= 21 MiB", 1, &agents);
    }
    for figures in all {
        let busiest =
            figures.rounds.iter().map(|round| round.inbound.generator.max(round.round_trip.generator));
        let busiest = busiest.fold(0.0, f64::max);
        text.push_str(&format!(
            "the generator used at most {busiest:.2} of its core against {}\n",
            figures.name
        ));
    }
    text
}

fn row(text: &mut String, what: &str, wanted: &str, digits: usize, values: &[Vec<f64>]) {
    text.push_str(&format!("{what:30}"));
    for values in values {
        text.push_str(&format!("  {:>26}", spread(values, digits)));
    }
    if let [server, floor] = values {
        text.push_str(&format!("  {:>6.2}  {wanted}", median(server) / median(floor)));
    }
    text.push('\n');
}

/// The median and, of several, the least and the most.
pub fn spread(values: &[f64], digits: usize) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = median(values);
    if values.len() < 2 {
        return format!("{middle:.digits$}");
    }
    format!("{middle:.digits$} [{low:.digits$}..{high:.digits$}]")
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle), middle.checked_sub(1).and_then(|below| sorted.get(below))) {
        (0, Some(above), Some(below)) => f64::midpoint(*above, *below),
        (_, Some(value), _) => *value,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 0), "2 [1..3]");
        assert_eq!(spread(&[1.0, 2.0], 1), "1.5 [1.0..2.0]");
        assert_eq!(spread(&[1.25], 2), "1.25");
        assert!(median(&[]).is_nan());
    }
}
