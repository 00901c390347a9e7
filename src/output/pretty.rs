//! For people: one block a finding with its source lines, then problems in the same drawing, then the summary.
//!
//! Text from outside is made visible first, and no line starts with it. Box characters are Unicode on terminals only.
//! miette draws a block in about 15 µs, which is fast enough for tens of thousands of findings.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use owo_colors::{OwoColorize, Style as Colour};

use crate::finding::{
    Excerpt, Finding, Level, Location, Outcome, Precision, Problem, Related, Rule, Severity, Status,
};
use crate::output::{Passed, Style, cases, summary, visible};
use crate::report::Report;

/// Writes the report for people.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let pen = Pen::new(style);
    let mut block = String::new();
    let mut is_after_line = false;
    for finding in &report.findings {
        block.clear();
        // Findings that do not count are one line each; blocks stand apart from them.
        let is_line = finding.status != Status::Active;
        if is_after_line && !is_line {
            block.push('\n');
        }
        is_after_line = is_line;
        // Writing to a string cannot fail; what is drawn is checked in tests.
        pen.finding(&mut block, finding, report.rules.get(finding.rule))
            .map_err(io::Error::other)?;
        out.write_all(block.as_bytes())?;
    }
    if is_after_line {
        writeln!(out)?;
    }
    for problem in &report.problems {
        block.clear();
        pen.problem(&mut block, problem).map_err(io::Error::other)?;
        out.write_all(block.as_bytes())?;
    }
    if style.passed == Passed::Shown {
        pen.passes(report, out)?;
    }
    for line in summary::lines(report, style) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Draws blocks in one style.
struct Pen {
    handler: GraphicalReportHandler,
    colour: bool,
}

impl Pen {
    fn new(style: &Style) -> Self {
        let is_terminal = style.colour || style.width.is_some();
        let characters = if is_terminal {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters {
                // A line of colons could be taken for a command.
                vbar_break: '|',
                ..ThemeCharacters::ascii()
            }
        };
        let styles = if style.colour {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        };
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
            .without_primary_span_start()
            .without_cause_chain()
            .with_width(style.width.unwrap_or(usize::MAX))
            .with_wrap_lines(style.width.is_some());
        Self {
            handler,
            colour: style.colour,
        }
    }

    fn finding(&self, block: &mut String, finding: &Finding, rule: Option<&Rule>) -> fmt::Result {
        let (word, severity) = word(finding);
        write!(
            block,
            "{} {}",
            self.word(word, severity),
            visible::place(&finding.location)
        )?;
        if let Some(rule) = rule {
            write!(block, " {}", visible::one_line(&rule.id))?;
        }
        if let Some(resource) = &finding.resource {
            write!(block, " ({})", visible::one_line(&resource.to_string()))?;
        }
        if let Some(by) = cases::suppressed_by(&finding.status) {
            let message = visible::one_line(&finding.message);
            return writeln!(block, ": {message} - {by}");
        }
        block.push('\n');
        let snippet = Snippet::new(&finding.location, at(&finding.location));
        if snippet.is_none()
            && let Some(at) = at(&finding.location)
        {
            self.draw(
                block,
                &format!("{}\n({at})", finding.message),
                severity,
                snippet,
            )?;
        } else {
            self.draw(block, &finding.message, severity, snippet)?;
        }
        related(block, &finding.related)?;
        if let Some(location) = &finding.policy_location {
            writeln!(block, "  rule: {}", visible::file_line(location))?;
        }
        if let Some(rule) = rule {
            about(block, rule)?;
        }
        block.push('\n');
        Ok(())
    }

    fn problem(&self, block: &mut String, problem: &Problem) -> fmt::Result {
        let severity = problem.severity;
        let word = match severity {
            Severity::Error => "ERROR",
            Severity::Failure => "FAIL",
            Severity::Warning => "WARNING",
            Severity::Notice => "NOTICE",
        };
        write!(block, "{}", self.word(word, severity))?;
        if let Some(location) = &problem.location {
            write!(block, " {}", visible::place(location))?;
        }
        writeln!(block, " ({})", problem.stage.as_str())?;
        let snippet = problem
            .location
            .as_ref()
            .and_then(|location| Snippet::new(location, None));
        self.draw(block, &problem.message, severity, snippet)?;
        related(block, &problem.related)?;
        let mut before = "  help: ";
        for line in visible::lines(&problem.help) {
            if !line.is_empty() {
                writeln!(block, "{before}{line}")?;
                before = "      | ";
            }
        }
        block.push('\n');
        Ok(())
    }

    fn passes(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        for evaluation in &report.evaluations {
            let subject = &evaluation.subject;
            for (rule, outcome) in report.rules.iter().zip(&evaluation.outcomes) {
                let word = match outcome {
                    Outcome::Passed => "PASS",
                    Outcome::Skipped => "SKIP",
                    // Findings and problems have blocks of their own.
                    Outcome::Found | Outcome::Excepted | Outcome::Errored | Outcome::Absent => {
                        continue;
                    }
                };
                let place = cases::place_of_pass(rule, subject);
                write!(out, "{word} {place} {}", visible::one_line(&rule.id))?;
                if let Some(resource) = &subject.resource {
                    write!(out, " ({})", visible::one_line(&resource.to_string()))?;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }

    /// The first word of a block, in the colour of its severity.
    fn word(&self, word: &str, severity: Severity) -> String {
        let colour = if !self.colour {
            Colour::new()
        } else {
            match severity {
                Severity::Error | Severity::Failure => Colour::new().red().bold(),
                Severity::Warning => Colour::new().yellow().bold(),
                Severity::Notice => Colour::new().cyan().bold(),
            }
        };
        word.style(colour).to_string()
    }

    fn draw(
        &self,
        block: &mut String,
        message: &str,
        severity: Severity,
        snippet: Option<Snippet>,
    ) -> fmt::Result {
        let message = visible::lines(message).collect::<Vec<_>>().join("\n");
        let drawing = Drawing {
            message,
            severity,
            snippet,
        };
        self.handler.render_report(block, &drawing)
    }
}

/// How a finding is announced, and in which colour.
fn word(finding: &Finding) -> (&'static str, Severity) {
    match (&finding.status, finding.level) {
        (Status::Active, Level::Failure) => ("FAIL", Severity::Error),
        (Status::Active, Level::Warning) => ("WARN", Severity::Warning),
        (Status::Active, Level::Dryrun) => ("DRYRUN", Severity::Notice),
        (Status::Excepted(_), _) => ("EXCP", Severity::Notice),
        (Status::Waived(_), _) => ("WAIVED", Severity::Notice),
        (Status::Baselined(_), _) => ("BASELINED", Severity::Notice),
    }
}

/// What a place is, in words, where it is not what the policy itself said.
fn at(location: &Location) -> Option<String> {
    let text = match location.precision {
        Precision::Policy => return None,
        Precision::Field if location.path.is_empty() => return None,
        Precision::Field => visible::one_line(&location.path).into_owned(),
        Precision::Parent if location.missing.is_empty() => "at the nearest parent".to_owned(),
        Precision::Parent => format!("{} is missing", visible::one_line(&location.missing)),
        Precision::Resource => "at the resource".to_owned(),
        Precision::Document => "at the document".to_owned(),
    };
    Some(text)
}

fn related(block: &mut String, related: &[Related]) -> fmt::Result {
    for Related { location, message } in related {
        let place = visible::place(location);
        writeln!(block, "  see: {place} {}", visible::one_line(message))?;
    }
    Ok(())
}

/// What the rule's author says about it, for which there is one line each.
fn about(block: &mut String, rule: &Rule) -> fmt::Result {
    let title = rule.title.as_deref().or(rule.description.as_deref());
    if let Some(title) = title {
        writeln!(block, "  title: {}", visible::first_line(title))?;
    }
    if let Some(url) = &rule.url {
        writeln!(block, "  url: {}", visible::one_line(url))?;
    }
    Ok(())
}

/// What miette draws: a message and source lines, both made visible.
#[derive(Debug)]
struct Drawing {
    message: String,
    severity: Severity,
    snippet: Option<Snippet>,
}

/// Source lines and the place in them; offsets are bytes of `text`.
#[derive(Debug)]
struct Snippet {
    text: String,
    first_line: u32,
    start: usize,
    end: usize,
    label: Option<String>,
}

impl Snippet {
    /// None where there are no lines, or the place is not in them.
    fn new(location: &Location, label: Option<String>) -> Option<Self> {
        let Excerpt { first_line, text } = location.excerpt.as_deref()?;
        let Location { start, end, .. } = location;
        let marked = start.line.checked_sub(*first_line)? as usize;
        let start_column = start.column.max(1) as usize - 1;
        // Only the first line of a longer place is marked: it is enough to find it.
        let end_column = if end.line == start.line {
            (end.column.max(1) as usize - 1).max(start_column)
        } else {
            usize::MAX
        };
        let mut shown = String::with_capacity(text.len() + 16);
        let mut place = None;
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                shown.push('\n');
            }
            let offsets = visible::push_source_line(&mut shown, line, [start_column, end_column]);
            if index == marked {
                place = Some(offsets);
            }
            if line.chars().nth(Excerpt::MAX_LINE - 1).is_some() {
                shown.push_str("...");
            }
        }
        let [start, end] = place?;
        Some(Self {
            text: shown,
            first_line: *first_line,
            start,
            end,
            label,
        })
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl Diagnostic for Drawing {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error | Severity::Failure => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Notice => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let snippet = self.snippet.as_ref()?;
        let length = snippet.end - snippet.start;
        let label = LabeledSpan::new(snippet.label.clone(), snippet.start, length);
        Some(Box::new(std::iter::once(label)))
    }
}

impl SourceCode for Snippet {
    /// Always all lines: the excerpt has the context that is shown.
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let data = self.text.as_bytes();
        let line = self.first_line.saturating_sub(1) as usize;
        let n_lines = self.text.split('\n').count();
        let all = SourceSpan::from((0, data.len()));
        Ok(Box::new(MietteSpanContents::new(
            data, all, line, 0, n_lines,
        )))
    }
}
