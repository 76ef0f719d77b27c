//! Shows what a program prints.

use otto_plugin::bindings::host::UiClient;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::dev::{Line, Lines};

/// Shows the lines of an output until it ends. The program waits while the screen does.
pub(super) async fn show(output: Option<impl AsyncRead + Unpin>, ui: &UiClient) {
    let Some(mut output) = output else { return };
    let mut lines = Lines::default();
    let mut part = vec![0; 16 << 10];
    while let Ok(read @ 1..) = output.read(&mut part).await {
        for line in lines.push(&part[..read]) {
            show_line(line, ui).await;
        }
    }
    if let Some(line) = lines.end() {
        show_line(line, ui).await;
    }
}

/// A screen that does not show it is no reason to stop.
async fn show_line(line: Line, ui: &UiClient) {
    let _ = match line {
        Line::Plain(text) => ui.message(text).await,
        Line::Coded(text) => ui.raw(text + "\n").await,
    };
}
