//! The scripts by which shells learn to ask a program.

use std::ffi::OsStr;
use std::path::Path;

use clap_complete::Shell;
use clap_complete::env::{Elvish, EnvCompleter, Powershell};

use crate::Environment;

/// The script that makes `shell` ask the program `name` for completions. `called` is how
/// the running program was called: the script calls it by the same path, or by its name if
/// it was found by that.
///
/// # Errors
///
/// A shell for which there is no script.
pub fn script(shell: Shell, name: &str, called: &OsStr) -> anyhow::Result<String> {
    let program = beside(name, Path::new(called))?;
    let variable = Environment::COMPLETING_SHELL;
    let template = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        Shell::Elvish => return generated(&Elvish, name, &program),
        Shell::PowerShell => return generated(&Powershell, name, &program),
        other => anyhow::bail!("there are no completions for {other}"),
    };
    let program = match shell {
        Shell::Fish => in_fish(&program),
        _ => crate::shell::quoted(OsStr::new(&program)),
    };
    let script = template
        .replace("@VARIABLE@", variable)
        .replace(
            "@FUNCTION@",
            &format!("_{}_complete", name.replace('-', "_")),
        )
        .replace("@NAME@", name)
        .replace("@PROGRAM@", &program);
    Ok(script)
}

/// The program `name`, in the folder of the program that was called, if it was called by a
/// path.
fn beside(name: &str, called: &Path) -> anyhow::Result<String> {
    let folder = called
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    Ok(match folder {
        Some(folder) => {
            let program = std::path::absolute(folder.join(name))?;
            program.display().to_string()
        }
        None => name.to_owned(),
    })
}

fn generated(shell: &dyn EnvCompleter, name: &str, program: &str) -> anyhow::Result<String> {
    let mut script = Vec::new();
    let variable = Environment::COMPLETING_SHELL;
    shell.write_registration(variable, name, name, program, &mut script)?;
    Ok(String::from_utf8(script)?)
}

/// One word of fish.
fn in_fish(word: &str) -> String {
    format!("'{}'", word.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Bash hands over the line up to the cursor, and what it would replace. Behind a
/// redirection it completes files.
const BASH: &str = r#"@FUNCTION@() {
    local one
    COMPREPLY=()
    if [[ ${COMP_WORDS[COMP_CWORD]} == [\<\>]* || ${COMP_WORDS[COMP_CWORD-1]} == *[\<\>]* ]]; then
        compopt -o default 2> /dev/null
        return
    fi
    while IFS= read -r one; do
        COMPREPLY+=("$one")
    done < <(@VARIABLE@=bash @PROGRAM@ -- "${COMP_LINE:0:COMP_POINT}" "$2" 2> /dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]]; then
        compopt -o nospace 2> /dev/null
    fi
}
complete -o nosort -F @FUNCTION@ @NAME@ 2> /dev/null || complete -F @FUNCTION@ @NAME@
"#;

/// Zsh hands over the words up to the cursor as they are quoted.
const ZSH: &str = r#"#compdef @NAME@
@FUNCTION@() {
    local line="${(j: :)words[1,CURRENT-1]} $QIPREFIX$IPREFIX$PREFIX"
    local one
    local -a closed open
    for one in "${(@f)$(@VARIABLE@=zsh @PROGRAM@ -- "$line" 2> /dev/null)}"; do
        case $one in
            '') ;;
            *[=/]|*[^\\][=/]:*) open+=("$one") ;;
            *) closed+=("$one") ;;
        esac
    done
    (( $#closed )) && _describe -V '@NAME@' closed
    (( $#open )) && _describe -V '@NAME@' open -S ''
    (( $#closed + $#open ))
}
compdef @FUNCTION@ @NAME@
"#;

/// Fish hands over the text of the command up to the cursor.
const FISH: &str = r"function @FUNCTION@
    @VARIABLE@=fish @PROGRAM@ -- (commandline --current-process --cut-at-cursor | string collect) 2> /dev/null
end
complete --command @NAME@ --no-files --keep-order --arguments '(@FUNCTION@)'
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_calls_the_program_as_it_was_called() {
        for (called, program) in [
            ("tenants", "=bash tenants --"),
            ("/opt/my tools/tenants", "=bash '/opt/my tools/tenants' --"),
        ] {
            let script = script(Shell::Bash, "tenants", OsStr::new(called)).unwrap();
            assert!(script.contains(program), "{script}");
        }
        let script = script(Shell::Fish, "tenants", OsStr::new("/it's/tenants")).unwrap();
        assert!(script.contains(r"=fish '/it\'s/tenants' --"), "{script}");
    }
}
