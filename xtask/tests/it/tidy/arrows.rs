//! Arrows between the modules of `tenant-core`: they point down.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Repository, assert_none,
    modules::{Modules, Name},
};

const SRC: &str = "crates/tenant-core/src";

/// The modules from the top down. A module may use those in lines below its own, and
/// none beside it.
const LAYERS: &[&[&str]] = &[
    &["tenants"],
    &["pool"],
    &["fleet"],
    &["engine"],
    &["events"],
    &["report"],
    &["remedy"],
    &["registry"],
    &["error"],
    &["shape"],
    &["migration", "path"],
    &["link"],
    &["catalog"],
    &["made_up"],
    &["name"],
    &["answer", "assertion", "tenant_enum"],
];

/// Modules that stand beside some that are below them.
const BESIDE: &[(&str, &[&str])] = &[
    // The application's connections: what works on schemas has others. Both tell events.
    ("pool", &["fleet", "engine", "report"]),
];

/// The folders in which no file uses itself by way of others.
const WITHOUT_CIRCLES: &[&str] = &["engine", "tenants", "fleet", "report"];

#[test]
fn arrows_between_the_modules_of_tenant_core_point_down() {
    assert_none(
        &pointing_up(&Repository::this()),
        "move what both need to a module below both, or pass it in as an argument or a trait. \
         The order stands in xtask/tests/it/tidy/arrows.rs and in docs/architecture.md.",
    );
}

fn pointing_up(repository: &Repository) -> Vec<String> {
    let modules = Modules::of(repository, SRC);
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut findings = Vec::new();
    for top in modules.top() {
        if layer(top).is_none() {
            findings.push(format!("{SRC}/{top}: stands in no layer"));
        }
    }
    for (from, to) in modules.arrows() {
        let (Some(user), Some(used)) = (from.first(), to.first()) else {
            continue;
        };
        let is_beside =
            |(module, others): &(&str, &[&str])| module == user && others.contains(&used.as_str());
        let is_up = match (layer(user), layer(used)) {
            (Some(of_user), Some(of_used)) => of_used <= of_user,
            _ => false,
        };
        if user != used && (is_up || BESIDE.iter().any(is_beside)) {
            let (from, to) = (from.join("/"), to.join("/"));
            findings.push(format!(
                "{SRC}/{from}.rs: uses {to}.rs, which is not below it"
            ));
        }
    }
    findings
}

#[test]
fn every_layer_of_tenant_core_is_there() {
    let repository = Repository::this();
    let modules = Modules::of(&repository, SRC);
    let tops = modules.top();
    let gone = LAYERS.iter().copied().flatten();
    let gone = gone.filter(|module| !tops.contains(**module));
    assert_none(
        &gone
            .map(|module| format!("{module}: named as a module of tenant-core, and not there"))
            .collect::<Vec<_>>(),
        "correct the layers in xtask/tests/it/tidy/arrows.rs and in docs/architecture.md.",
    );
}

#[test]
fn no_file_of_tenant_core_uses_itself_by_way_of_others() {
    assert_none(
        &circles(&Repository::this()),
        "move what two files need of each other to a file of its own below both. A parent that \
         its children use may only declare and re-export.",
    );
}

/// For each circle the files on it. One finding for those that share a file.
fn circles(repository: &Repository) -> Vec<String> {
    let modules = Modules::of(repository, SRC);
    let mut findings = Vec::new();
    for folder in WITHOUT_CIRCLES {
        let is_inside = |module: &Name| module.first().is_some_and(|top| top == folder);
        let mut uses = BTreeMap::<&Name, Vec<&Name>>::new();
        for (from, to) in modules.arrows() {
            if is_inside(from) && is_inside(to) {
                uses.entry(from).or_default().push(to);
            }
        }
        let mut told = BTreeSet::new();
        for start in uses.keys() {
            let Some(circle) = way_back(start, &uses) else {
                continue;
            };
            if circle.iter().all(|module| !told.contains(module)) {
                let files = circle
                    .iter()
                    .map(|module| format!("{}.rs", module.join("/")));
                let files = files.collect::<Vec<_>>().join(" uses ");
                findings.push(format!("{SRC}: {files} uses {}.rs", start.join("/")));
            }
            told.extend(circle);
        }
    }
    findings
}

/// The shortest way from `start` back to it, if there is one.
fn way_back<'a>(
    start: &'a Name,
    uses: &BTreeMap<&'a Name, Vec<&'a Name>>,
) -> Option<Vec<&'a Name>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in uses.get(way.last()?).into_iter().flatten() {
            if *next == start {
                return Some(way);
            }
            if seen.insert(*next) {
                ways.push_back([way.as_slice(), &[*next]].concat());
            }
        }
    }
    None
}

/// A made-up crate of these modules, each of one file.
fn made_up(files: &[(&str, &str)]) -> Repository {
    let files = files
        .iter()
        .map(|(path, text)| (format!("{SRC}/{path}.rs"), *text))
        .collect::<Vec<_>>();
    let files = files.iter().map(|(path, text)| (path.as_str(), *text));
    Repository::of(&files.collect::<Vec<_>>())
}

#[test]
fn the_rule_about_layers_can_fail() {
    let root = (
        "lib",
        "mod engine;\nmod link;\nmod tenants;\npub use tenants::Tenants;\npub use link::Url;\n",
    );
    let up = |text: &str| {
        pointing_up(&made_up(&[
            root,
            ("tenants", "mod handle;\npub use handle::Tenants;\n"),
            ("tenants/handle", "pub struct Tenants;\n"),
            ("engine", "mod run;\n"),
            ("engine/run", text),
            ("link", "pub struct Url;\n"),
        ]))
    };
    for text in [
        "use crate::tenants::Tenants;\n",
        "use crate::{Tenants, Url};\n",
        "use crate::{Url, tenants::{self, Tenants as Of}};\n",
        "use super::super::tenants;\n",
        "fn f() -> crate::tenants::Tenants { f() }\n",
        "use crate::tenants;\nfn f() { tenants::Tenants::open() }\n",
        "pub(crate) use crate::Tenants;\nfn f() {}\n",
    ] {
        let findings = up(text);
        let is_right = |it: &String| it.contains("engine/run.rs: uses tenants");
        assert!(!findings.is_empty(), "{text}");
        assert!(findings.iter().all(is_right), "{text}: {findings:?}");
    }
    for text in [
        "use crate::Url;\nfn f() { std::tenants::x() }\n",
        "//! See [`Tenants`](crate::Tenants).\nconst X: &str = \"crate::Tenants\";\n",
        "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::Tenants;\n}\n",
    ] {
        assert_eq!(up(text), [""; 0], "{text}");
    }
    let beside = made_up(&[
        ("lib", "mod pool;\nmod engine;\nmod new;\n"),
        ("pool", "fn f() { crate::engine::run() }\n"),
        ("engine", "pub fn run() {}\n"),
        ("new", ""),
    ]);
    let findings = pointing_up(&beside);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(
        findings[0].contains("new: stands in no layer"),
        "{findings:?}"
    );
    assert!(
        findings[1].contains("pool.rs: uses engine.rs"),
        "{findings:?}"
    );
}

#[test]
fn the_rule_about_circles_can_fail() {
    let engine = |parent: &str, one: &str, other: &str| {
        circles(&made_up(&[
            ("lib", "mod engine;\n"),
            ("engine", parent),
            ("engine/one", one),
            ("engine/other", other),
        ]))
    };
    let declares =
        "mod one;\nmod other;\npub(crate) use one::One;\n#[cfg(x)]\npub use other::Other;\n";
    // By way of what the parent passes on.
    let findings = engine(
        declares,
        "use super::Other;\n",
        "fn f(one: super::One) {}\n",
    );
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].ends_with("engine/one.rs uses engine/other.rs uses engine/one.rs"),
        "{findings:?}"
    );
    // With the parent itself.
    let defines = format!("{declares}pub(crate) struct Work;\n");
    let findings = engine(&defines, "use super::Work;\n", "");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].ends_with("engine.rs uses engine/one.rs uses engine.rs"),
        "{findings:?}"
    );
    assert_eq!(
        engine(declares, "use super::Other;\n", "use std::fmt;\n"),
        [""; 0]
    );
}
