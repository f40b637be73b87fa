//! Options and usage of each command, as clap knows them.

use clap::{Arg, ArgAction, Command};
use regex::Regex;

use super::page::{Cell, Page, code, known, table};

#[test]
fn the_page_of_commands_has_every_option() {
    let mut program = diesel_tenants::command();
    program.build();
    let mut page = Page::read("commands");
    let common = program.find_subcommand("config").unwrap();
    let common = options(common, is_common);
    page = page.with("common-options", &common);
    for name in names() {
        let command = program.find_subcommand(&name).unwrap();
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let about = command.get_about().unwrap().to_string();
        let options = options(command, |arg| !is_common(arg));
        let text = format!("{}.\n\n```text\n{usage}\n```\n\n{options}", prose(&about));
        page = page.with(&format!("tenants-{name}"), &text);
    }
    page.is_as_the_code_says();
}

#[test]
fn the_page_of_commands_lists_each_command_with_its_programs() {
    let mut page = Page::read("commands");
    for group in &diesel_tenants::GROUPS {
        let mut rows = Vec::new();
        for one in group.subcommands {
            let (name, about) = (one.name, one.command().get_about().unwrap().to_string());
            let calls = [
                format!("tenants {name}"),
                format!("tenants {name} --public"),
            ];
            for (index, (call, program)) in calls.iter().zip(one.runs()).enumerate() {
                rows.push(vec![
                    known(format!("[`{call}`](#tenants-{name})")),
                    match index {
                        0 => known(prose(&about)),
                        _ => Cell::ByHand,
                    },
                    Cell::ByHand,
                    code(&program),
                ]);
            }
        }
        page = page.with_table(&group.heading.to_lowercase().replace(' ', "-"), &rows);
    }
    page.is_as_the_code_says();
}

fn names() -> Vec<String> {
    let groups = diesel_tenants::GROUPS.iter();
    let all = groups.flat_map(|group| group.subcommands);
    all.map(|one| one.name.to_owned()).collect()
}

fn is_common(arg: &Arg) -> bool {
    arg.get_help_heading() == Some("Common options")
}

/// The table of a command's arguments. There is none if it has no argument.
fn options(command: &Command, is_wanted: impl Fn(&Arg) -> bool) -> String {
    let args = command.get_arguments();
    let args = args.filter(|arg| !arg.is_hide_set() && is_wanted(arg));
    let args = args.filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"));
    let rows = args.map(|arg| {
        let (meaning, default) = meaning(command, arg);
        vec![spelling(arg), meaning, default]
    });
    let rows = rows.collect::<Vec<_>>();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["option", "meaning", "default"].map(str::to_owned);
    table(&head, &rows)
}

/// How it is written: `-y`, `--yes`.
fn spelling(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default();
    let value = values.first().map(ToString::to_string).unwrap_or_default();
    if arg.is_positional() {
        let dots = if is_repeatable(arg) { "..." } else { "" };
        return format!("`{value}{dots}`");
    }
    let takes_value = arg.get_action().takes_values();
    let value = if takes_value {
        let value = value.replace('|', "\\|");
        let range = arg.get_num_args();
        match range.is_some_and(|range| range.min_values() == 0) {
            true => format!("[=<{value}>]"),
            false => format!(" <{value}>"),
        }
    } else {
        String::new()
    };
    let long = arg.get_long().map(|long| format!("`--{long}{value}`"));
    let short = arg.get_short().map(|short| format!("`-{short}`"));
    short.into_iter().chain(long).collect::<Vec<_>>().join(", ")
}

/// Its name alone.
fn name(arg: &Arg) -> String {
    match arg.get_long() {
        Some(long) => format!("`--{long}`"),
        None => spelling(arg),
    }
}

fn is_repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// What its help says, and its default.
fn meaning(command: &Command, arg: &Arg) -> (String, String) {
    let help = arg.get_long_help().or(arg.get_help()).unwrap().to_string();
    let (help, default) = without(&help, "[default: ");
    let (help, variable) = without(&help, "[env: ");
    let paragraphs = help.split("\n\n").map(|part| part.replace('\n', " "));
    let sentences = paragraphs.map(|part| sentence(part.trim()));
    let mut text = sentences.collect::<Vec<_>>().join(" ");
    if let Some(variable) = variable {
        text.push_str(&match variable.split_once(", ") {
            Some((variable, rest)) => format!(" Environment: `{variable}`, {rest}."),
            None => format!(" Environment: `{variable}`."),
        });
    }
    let values = arg.get_possible_values();
    if arg.get_action().takes_values() && !values.is_empty() {
        let names = values.iter().map(|value| format!("`{}`", value.get_name()));
        text.push_str(&format!(
            " One of {}.",
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    if is_repeatable(arg) && !arg.is_positional() && !text.to_lowercase().contains("repeatable") {
        text.push_str(" Repeatable.");
    }
    let others = command.get_arg_conflicts_with(arg).into_iter();
    let others = others.filter(|other| !other.is_hide_set()).map(name);
    let others = others.collect::<Vec<_>>();
    if !others.is_empty() && others.len() < 4 {
        text.push_str(&format!(" Excludes {}.", others.join(" and ")));
    }
    if arg.is_positional() && spelling(arg) == "`TENANT...`" {
        text.push_str(" See [Select tenants](#select-tenants).");
    }
    let values = arg.get_default_values().iter();
    let values = values.map(|value| format!("`{}`", value.to_string_lossy()));
    let is_flag = !arg.get_action().takes_values();
    let values = values.filter(|_| !is_flag).collect::<Vec<_>>().join(", ");
    let default = default.filter(|_| values.is_empty());
    let default = default.map_or(values, |default| prose(&default));
    (text, default)
}

/// The text without a part in brackets, and that part.
fn without(text: &str, start: &str) -> (String, Option<String>) {
    let Some((before, rest)) = text.split_once(start) else {
        return (text.to_owned(), None);
    };
    let Some((part, after)) = rest.split_once(']') else {
        return (text.to_owned(), None);
    };
    let text = format!("{}{after}", before.trim_end());
    (text, Some(part.to_owned()))
}

fn sentence(text: &str) -> String {
    let text = prose(text);
    match text.ends_with(['.', '!', '?']) {
        true => text,
        false => format!("{text}."),
    }
}

/// A text of a help in Markdown: words in quotes and options are code, and no sign is read as
/// one of Markdown.
fn prose(text: &str) -> String {
    let quoted = Regex::new(r"(^|[ (])'([^' ]+)'").unwrap();
    let option = Regex::new(r"(^|[ (])(--[a-z][a-z-]*)").unwrap();
    let text = quoted.replace_all(text, "$1`$2`");
    let text = option.replace_all(&text, "$1`$2`");
    let mut in_code = false;
    let mut prose = String::with_capacity(text.len());
    for letter in text.chars() {
        in_code ^= letter == '`';
        if letter == '|' || (!in_code && matches!(letter, '*' | '<' | '[')) {
            prose.push('\\');
        }
        prose.push(letter);
    }
    prose
}
