//! The modules of a crate, and which file each of them uses something of.
//!
//! Read from the text: `use` and paths that begin with `crate`, `super`, `self`, a
//! declared module or an imported one. A name that a module passes on belongs to the
//! file that defines it. What is called as a method is not seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Repository,
    rust_text::{Layer, only, production},
};

/// A module by its path within the crate; the root's is empty.
pub(super) type Name = Vec<String>;

/// The modules of one crate.
pub(super) struct Modules {
    modules: BTreeMap<Name, Module>,
}

#[derive(Default)]
struct Module {
    /// The modules that it declares, each in a file of its own.
    declares: BTreeSet<String>,
    /// What it imports: the path, and the name that it has here.
    imports: Vec<(Name, String)>,
    /// Further paths in its code.
    paths: Vec<Name>,
    /// Whether there is nothing in it but declarations and imports.
    only_declares: bool,
}

impl Modules {
    /// The modules of the crate whose sources are in the folder `src`, unit tests
    /// excepted.
    pub(super) fn of(repository: &Repository, src: &str) -> Self {
        let sources = repository.rust_sources().filter_map(|(path, text)| {
            let path = path.strip_prefix(src)?.strip_prefix('/')?;
            let path = path.strip_suffix(".rs")?;
            (!path.ends_with("tests")).then_some((path, text))
        });
        let modules = sources.map(|(path, text)| {
            let path = path.strip_suffix("/mod").unwrap_or(path);
            let name = path.split('/').map(str::to_owned).collect::<Name>();
            let name = if path == "lib" { Name::new() } else { name };
            (name, Module::read(text))
        });
        Self {
            modules: modules.collect(),
        }
    }

    /// The modules right below the root.
    pub(super) fn top(&self) -> BTreeSet<&str> {
        let tops = self.modules.keys().filter_map(|name| name.first());
        tops.map(String::as_str).collect()
    }

    /// Which module uses which other one. What is below a module that only declares and
    /// imports is not used by that one, but passed on.
    pub(super) fn arrows(&self) -> BTreeSet<(&Name, &Name)> {
        let mut arrows = BTreeSet::new();
        for (name, module) in &self.modules {
            let imported = module.imports.iter().map(|(path, _)| path);
            let used = imported.chain(&module.paths);
            let used = used.filter_map(|path| self.file_of(name, path, 0));
            let counts = |it: &&Name| !(module.only_declares && it.starts_with(name));
            let used = used.filter(|it| *it != name).filter(counts);
            arrows.extend(used.map(|it| (name, it)));
        }
        arrows
    }

    /// The module that defines what `path` means in the module `within`; nothing when
    /// that is not this crate's.
    fn file_of(&self, within: &Name, path: &[String], depth: usize) -> Option<&Name> {
        let (mut at, mut rest) = self.start(within, path)?;
        while let Some((next, after)) = rest.split_first() {
            let (name, module) = self.modules.get_key_value(&at)?;
            if module.declares.contains(next) {
                at.push(next.clone());
                rest = after;
                continue;
            }
            let passed_on = module.imports.iter().filter(|(_, known)| known == next);
            let mut defined = passed_on.filter_map(|(path, _)| {
                let path = [path, after].concat();
                // A path that leads in a circle is nobody's.
                (depth < 8).then(|| self.file_of(name, &path, depth + 1))?
            });
            return defined.next().or(Some(name));
        }
        self.modules.get_key_value(&at).map(|(name, _)| name)
    }

    /// The module that `path` begins in, and what follows.
    fn start<'a>(&self, within: &Name, path: &'a [String]) -> Option<(Name, &'a [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((Name::new(), rest)),
            "self" => Some((within.clone(), rest)),
            "super" => {
                let above = path.iter().take_while(|it| *it == "super").count();
                let kept = within.len().checked_sub(above)?;
                Some((within[..kept].to_vec(), &path[above..]))
            }
            _ => {
                let module = self.modules.get(within)?;
                let is_known = module.imports.iter().any(|(_, name)| name == first);
                (is_known || module.declares.contains(first)).then(|| (within.clone(), path))
            }
        }
    }
}

impl Module {
    fn read(text: &str) -> Self {
        let code = only(Layer::Code, production(text));
        let tokens = tokens(&code);
        let mut module = Self {
            only_declares: true,
            ..Self::default()
        };
        let mut at = 0;
        while at < tokens.len() {
            let skipped = module.item(&tokens[at..]);
            module.only_declares &= skipped > 0;
            at += skipped.max(1);
        }
        module
    }

    /// Reads the declaration, import or attribute that stands first. How many tokens it
    /// has; none when something else stands there, whose path is kept if it is one.
    fn item(&mut self, tokens: &[&str]) -> usize {
        let end = |token| tokens.iter().position(|it| *it == token).map(|at| at + 1);
        match tokens {
            ["#", "[", ..] => end("]").unwrap_or(0),
            ["pub", "(", ..] => end(")").unwrap_or(0),
            ["pub", ..] => 1,
            ["mod", name, ";", ..] => {
                self.declares.insert((*name).to_owned());
                3
            }
            ["use", ..] => {
                let length = end(";").unwrap_or(tokens.len());
                import(&Name::new(), &tokens[1..length - 1], &mut self.imports);
                length
            }
            // What follows is the rest of a path that begins in a type.
            ["::", ..] => 0,
            [first, "::", ..] => {
                let mut path = vec![(*first).to_owned()];
                let mut rest = &tokens[1..];
                while let ["::", next, after @ ..] = rest {
                    path.push((*next).to_owned());
                    rest = after;
                }
                self.paths.push(path);
                0
            }
            _ => 0,
        }
    }
}

/// Adds what a `use` of `tree` below `prefix` imports.
fn import(prefix: &Name, tree: &[&str], imports: &mut Vec<(Name, String)>) {
    let mut path = prefix.clone();
    let mut rest = tree;
    loop {
        match rest {
            ["::", after @ ..] => rest = after,
            ["{", inner @ .., "}"] => {
                for branch in branches(inner) {
                    import(&path, branch, imports);
                }
                return;
            }
            ["as", name] => return imports.push((path, (*name).to_owned())),
            ["self"] if path.len() > prefix.len() || !prefix.is_empty() => rest = &[],
            ["*"] | [] => break,
            [name, after @ ..] => {
                path.push((*name).to_owned());
                rest = after;
            }
        }
    }
    if let Some(name) = path.last().cloned() {
        imports.push((path, name));
    }
}

/// What stands between the outer commas.
fn branches<'a, 'b>(tokens: &'a [&'b str]) -> impl Iterator<Item = &'a [&'b str]> {
    let mut depth = 0;
    let branches = tokens.split(move |token| {
        match *token {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        *token == "," && depth == 0
    });
    branches.filter(|branch| !branch.is_empty())
}

/// Names, `::`, and whatever else stands there by itself.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_inner = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            _ if is_inner(first) => rest.find(|c| !is_inner(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

#[test]
fn imports_are_told_one_by_one() {
    let mut imports = Vec::new();
    let tree = tokens("crate::{self as root, a::{self, b as c, d::*}, Error}");
    import(&Name::new(), &tree, &mut imports);
    let imports = imports
        .iter()
        .map(|(path, name)| format!("{} {name}", path.join("::")));
    assert_eq!(
        imports.collect::<Vec<_>>(),
        [
            "crate::self root",
            "crate::a a",
            "crate::a::b c",
            "crate::a::d d",
            "crate::Error Error"
        ]
    );
}
