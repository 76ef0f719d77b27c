//! What is made of the definitions of the command line: completions and the manual page.

use std::io::{self, Write};

use clap::CommandFactory;

use super::Cli;
use crate::failure::Failure;

pub(crate) use clap_complete::Shell;

/// Writes the completions for a shell.
pub(super) fn completions(shell: Shell, out: &mut dyn Write) -> Result<(), Failure> {
    let mut made = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "otto", &mut made);
    write(out, &made)
}

/// Writes the manual page: that of `otto`, and then one for each command.
pub(super) fn man(out: &mut dyn Write) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut made = Vec::new();
    pages(&command, &mut made).map_err(Failure::output)?;
    write(out, &made)
}

fn pages(command: &clap::Command, out: &mut dyn Write) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(out)?;
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        pages(below, out)?;
    }
    Ok(())
}

fn write(out: &mut dyn Write, made: &[u8]) -> Result<(), Failure> {
    out.write_all(made)
        .and_then(|()| out.flush())
        .map_err(Failure::output)
}
