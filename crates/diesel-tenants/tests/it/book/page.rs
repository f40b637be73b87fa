//! What of a page is run.
//!
//! | in the page | what happens |
//! | --- | --- |
//! | a `console` block | its commands run in order; the lines below each are its output |
//! | a `console,fails` block | the same; its last command has to fail |
//! | a `console,ignore` block | nothing: a comment above it says why |
//! | a block with `file=PATH` | it is written to that file of the project |
//! | `<!-- set-up` and commands, `-->` | they run unseen, and have to succeed |
//! | `<!-- start: NAME -->` | the script `NAME.sh` runs unseen |
//!
//! A command begins with `$ `. It continues in the next line after a `\`, and in lines that
//! begin with `> `.

use std::ops::Range;

use super::compare::fits;
use super::session::Ended;

/// What every page may start from: a project with three tenants.
const START: &str = include_str!("tasker.sh");

/// One page of the book.
#[derive(Debug)]
pub(super) struct Page {
    /// Its path in the book, without the extension.
    pub(super) name: String,
    /// Its steps, in order.
    pub(super) steps: Vec<Step>,
    lines: Vec<String>,
}

/// One thing to do.
#[derive(Debug)]
pub(super) enum Step {
    /// A file of the project is written.
    File { path: String, text: String },
    /// Commands that no reader sees.
    Unseen { line: usize, commands: String },
    /// A command of the page.
    Shown(Shown),
}

/// Which outputs are written into a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outputs {
    /// Those that differ in more than what varies.
    Different,
    /// Those too that differ in times and dates, unless the page shortens them.
    All,
}

/// A command that the page shows.
#[derive(Debug)]
pub(super) struct Shown {
    /// What is typed.
    pub(super) command: String,
    /// The line of the page that it is in, from 0.
    line: usize,
    /// The lines of its output.
    output: Range<usize>,
    fails: bool,
}

impl Page {
    /// Finds the steps in the text of a page.
    pub(super) fn read(name: &str, text: &str) -> Self {
        let mut page = Self {
            name: name.to_owned(),
            steps: Vec::new(),
            lines: text.lines().map(str::to_owned).collect(),
        };
        let mut at = 0;
        while let Some(line) = page.lines.get(at) {
            let line = line.clone();
            let (end, below) = match line.trim() {
                fence if fence.starts_with("```") => ("```", at + 1),
                "<!-- set-up" => ("-->", at + 1),
                "<!-- start: tasker -->" => {
                    page.unseen(at, START.to_owned());
                    at += 1;
                    continue;
                }
                _ => {
                    at += 1;
                    continue;
                }
            };
            let closed = page.closed_by(end, below);
            page.block(line.trim(), below..closed);
            at = closed + 1;
        }
        page
    }

    fn closed_by(&self, end: &str, below: usize) -> usize {
        let lines = self.lines.get(below..).unwrap_or_default();
        let length = lines.iter().position(|line| line.trim() == end);
        let length = length.unwrap_or_else(|| panic!("{}:{below}: is not closed", self.name));
        below + length
    }

    fn unseen(&mut self, line: usize, commands: String) {
        self.steps.push(Step::Unseen { line, commands });
    }

    fn block(&mut self, opening: &str, inside: Range<usize>) {
        let Some(info) = opening.strip_prefix("```") else {
            return self.unseen(inside.start, self.lines[inside].join("\n"));
        };
        let mut words = info.split(',');
        let language = words.next().unwrap_or_default();
        for word in words.clone() {
            if let Some(path) = word.strip_prefix("file=") {
                let text = format!("{}\n", self.lines[inside.clone()].join("\n"));
                let path = path.to_owned();
                self.steps.push(Step::File { path, text });
            }
        }
        if language == "console" && !words.any(|word| word == "ignore") {
            self.console(inside, info.ends_with(",fails"));
        }
    }

    fn console(&mut self, inside: Range<usize>, fails: bool) {
        let mut at = inside.start;
        while at < inside.end {
            let line = at;
            let typed = self.lines[at].strip_prefix("$ ");
            let mut command = typed.unwrap_or_default().to_owned();
            at += 1;
            while at < inside.end && (command.ends_with('\\') || self.lines[at].starts_with("> ")) {
                let more = &self.lines[at];
                command = format!("{command}\n{}", more.strip_prefix("> ").unwrap_or(more));
                at += 1;
            }
            let first = at;
            while at < inside.end && !self.lines[at].starts_with("$ ") {
                at += 1;
            }
            self.steps.push(Step::Shown(Shown {
                command,
                line,
                output: first..at,
                fails: fails && at == inside.end,
            }));
        }
    }

    /// Whether it has commands.
    pub(super) fn runs(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Shown(_)))
    }

    /// Commands that failed and should not have, and the other way round.
    pub(super) fn wrong_ends(&self, ended: &[Ended]) -> Vec<String> {
        let ends = self.steps.iter().zip(ended);
        let wrong = ends.filter_map(|(step, ended)| {
            let (line, should_fail, what) = match step {
                Step::File { .. } => return None,
                Step::Unseen { line, .. } => (*line, false, "the set-up"),
                Step::Shown(shown) => (shown.line, shown.fails, shown.command.as_str()),
            };
            let place = format!("{}.md:{}", self.name, line + 1);
            ((ended.code != 0) != should_fail).then(|| {
                let (code, output) = (ended.code, ended.output.join("\n"));
                format!("{place}: exit code {code} of {what}\n{output}\n")
            })
        });
        let mut findings = wrong.collect::<Vec<_>>();
        if ended.len() < self.steps.len() {
            findings.push(format!("{}.md: the session ended early", self.name));
        }
        findings
    }

    /// Its text with the real outputs: all of them, or those that are others than the page has.
    pub(super) fn with_outputs(&self, ended: &[Ended], which: Outputs) -> String {
        let mut lines = self.lines.clone();
        for (shown, ended) in self.shown(ended).into_iter().rev() {
            let shown_now = &self.lines[shown.output.clone()];
            let is_shortened = shown_now.iter().any(|line| line.trim() == "...");
            let is_wanted = which == Outputs::All && !is_shortened;
            if is_wanted || !fits(shown_now, &ended.output) {
                lines.splice(shown.output.clone(), ended.output.iter().cloned());
            }
        }
        format!("{}\n", lines.join("\n"))
    }

    /// The commands whose output is another than the page has.
    pub(super) fn differences(&self, ended: &[Ended]) -> Vec<String> {
        let mut differences = Vec::new();
        for (shown, ended) in self.shown(ended) {
            let expected = &self.lines[shown.output.clone()];
            if !fits(expected, &ended.output) {
                differences.push(format!(
                    "{}.md:{}: $ {}\n--- in the page\n{}\n--- on this machine\n{}\n",
                    self.name,
                    shown.line + 1,
                    shown.command,
                    expected.join("\n"),
                    ended.output.join("\n")
                ));
            }
        }
        differences
    }

    fn shown<'a>(&'a self, ended: &'a [Ended]) -> Vec<(&'a Shown, &'a Ended)> {
        let both = self.steps.iter().zip(ended);
        let shown = both.filter_map(|(step, ended)| match step {
            Step::Shown(shown) => Some((shown, ended)),
            _ => None,
        });
        shown.collect()
    }
}

#[test]
fn the_steps_of_a_page_are_found_in_order() {
    let text = "# T\n<!-- set-up\ntouch x\n-->\n```sql,file=a/b.sql\nSELECT 1;\n```\n\
                ```console,fails\n$ one \\\n    two\nout\n$ three\n```\n\
                ```console,ignore\n$ kubectl\n```\n";
    let page = Page::read("how-to/x", text);
    let [
        Step::Unseen { .. },
        Step::File { path, .. },
        Step::Shown(one),
        Step::Shown(three),
    ] = &page.steps[..]
    else {
        panic!("{page:?}")
    };
    assert_eq!(path, "a/b.sql");
    assert_eq!(one.command, "one \\\n    two");
    assert!(!one.fails && three.fails);
    let ended = |code, output: &[&str]| Ended {
        code,
        output: output.iter().map(|line| (*line).to_owned()).collect(),
    };
    let all = [
        ended(0, &[]),
        ended(0, &[]),
        ended(0, &["in"]),
        ended(0, &[]),
    ];
    assert_eq!(page.wrong_ends(&all).len(), 1);
    assert_eq!(page.differences(&all).len(), 1);
    assert_eq!(
        page.with_outputs(&all, Outputs::Different),
        text.replace("\nout\n", "\nin\n")
    );
}
