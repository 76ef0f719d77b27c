//! The actions of `deploy` and `dev`.

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::UiClient;

use crate::problem::quoted;

/// Something that `otto deploy` or `otto dev` can be asked to do.
#[derive(Debug)]
pub(super) struct Action<K> {
    pub(super) kind: K,
    /// Empty for the main one.
    pub(super) name: &'static str,
    /// Its arguments, as they are written in a help.
    pub(super) arguments: &'static str,
    /// How many arguments it takes at most.
    pub(super) most: usize,
    /// What it does, for a person.
    pub(super) help: &'static str,
}

/// Finds the action that a call is for, and checks the number of its arguments. `command` is what
/// the user has typed, such as `otto deploy`.
pub(super) fn find<'a, K>(
    command: &str,
    actions: &'a [Action<K>],
    context: &Context,
) -> Result<&'a Action<K>, Error> {
    let named = actions.iter().find(|action| action.name == context.action);
    let Some(action) = named else {
        let names = actions.iter().filter(|action| !action.name.is_empty());
        let names: Vec<_> = names.map(|action| quoted(action.name)).collect();
        return Err(Error::invalid(format!(
            "`{command}` has no action {}",
            quoted(&context.action)
        ))
        .with_help(format!(
            "the actions are {}, or none for the main one",
            names.join(", ")
        )));
    };
    let given = context.action_args.len();
    if given > action.most {
        return Err(Error::invalid(format!(
            "`{}` takes {}, and {given} were given, the first of them {}",
            usage(command, action),
            match action.most {
                0 => "no arguments".to_owned(),
                1 => "one argument at most".to_owned(),
                most => format!("{most} arguments at most"),
            },
            quoted(&context.action_args[0])
        ))
        .with_help(format!(
            "run `{command} help`, which shows how each action is written"
        )));
    }
    Ok(action)
}

/// Shows what can be asked for.
pub(super) async fn show_help<K>(
    ui: &UiClient,
    command: &str,
    actions: &[Action<K>],
) -> Result<(), Error> {
    let usages: Vec<_> = actions
        .iter()
        .map(|action| usage(command, action))
        .collect();
    let width = usages.iter().map(String::len).max().unwrap_or_default();
    for (usage, action) in usages.iter().zip(actions) {
        ui.message(format!("{usage:width$}  {}", action.help))
            .await?;
    }
    Ok(())
}

fn usage<K>(command: &str, action: &Action<K>) -> String {
    let words = [command, action.name, action.arguments];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
