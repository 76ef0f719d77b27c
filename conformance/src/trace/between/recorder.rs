//! Writes down what passes. That it cannot is no reason to stop anybody.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::end::End;
use super::{Between, say};
use crate::trace::recording::{Cut, Ended, FORMAT, Line, Message, Started, seconds};
use crate::wire::{self, Decoded, Frames, Limit, Party, Piece, Questions};

/// The recorder of one session.
#[derive(Debug)]
pub(super) struct Recorder {
    run: String,
    began: Instant,
    raw: bool,
    /// Nothing, once something could not be written.
    writing: Mutex<Option<Writing>>,
}

#[derive(Debug)]
struct Writing {
    file: File,
    host: Frames,
    plugin: Frames,
    questions: Questions,
}

impl Recorder {
    /// Begins a recording, or one more session in a file that has some.
    pub(super) fn open(options: &Between, transport: &str) -> Self {
        let name = options.plugin.file_name().unwrap_or_default();
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let recorder = Self {
            // Two processes that got the same number have another time.
            run: format!(
                "{} {} {}",
                name.to_string_lossy(),
                std::process::id(),
                since.unwrap_or_default().as_millis()
            ),
            began: Instant::now(),
            raw: options.raw,
            writing: Mutex::new(None),
        };
        match open(&options.to) {
            Ok(file) => {
                *recorder.writing() = Some(Writing {
                    file,
                    host: Frames::default(),
                    plugin: Frames::default(),
                    questions: Questions::default(),
                });
            }
            Err(error) => say(&format!(
                "nothing is recorded: {}: {error}",
                options.to.display()
            )),
        }
        recorder.note(|_| {
            Some(Line::Started(Started {
                run: recorder.run.clone(),
                started: options.plugin.display().to_string(),
                transport: transport.to_owned(),
            }))
        });
        recorder
    }

    /// Takes what one side has sent.
    pub(super) fn took(&self, from: Party, bytes: &[u8]) {
        let at = seconds(self.began.elapsed());
        self.note(|writing| {
            let frames = match from {
                Party::Host => &mut writing.host,
                Party::Plugin => &mut writing.plugin,
            };
            let pieces = frames.push(bytes);
            let lines = pieces.iter().map(|piece| {
                let Decoded { line, detail, .. } =
                    wire::piece(piece, from, &mut writing.questions, Limit::RECORD);
                let raw = match piece {
                    Piece::Message(message) if self.raw => Some(wire::hex(message)),
                    _ => None,
                };
                Line::Message(Box::new(Message {
                    run: self.run.clone(),
                    at,
                    from,
                    bytes: piece.bytes(),
                    line,
                    detail,
                    raw,
                }))
            });
            lines.collect::<Vec<_>>()
        });
    }

    /// Says that one side sends no more.
    pub(super) fn cut(&self, from: Party, how: &str) {
        let at = seconds(self.began.elapsed());
        self.note(|writing| {
            let frames = match from {
                Party::Host => &writing.host,
                Party::Plugin => &writing.plugin,
            };
            Some(Line::Cut(Cut {
                run: self.run.clone(),
                at,
                from,
                cut: how.to_owned(),
                unfinished: frames.unfinished().len(),
            }))
        });
    }

    /// Says how the plugin has ended.
    pub(super) fn ended(&self, end: &End) {
        let at = seconds(self.began.elapsed());
        self.note(|_| {
            Some(Line::Ended(Ended {
                run: self.run.clone(),
                at,
                ended: end.to_string(),
            }))
        });
    }

    fn writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines, each in one piece, since other processes may write to the same file.
    fn note<Lines: IntoIterator<Item = Line>>(&self, lines: impl FnOnce(&mut Writing) -> Lines) {
        let mut guard = self.writing();
        let Some(writing) = &mut *guard else { return };
        let write = || {
            for line in lines(writing) {
                let mut text = Vec::new();
                line.write(&mut text)?;
                writing.file.write_all(&text)?;
            }
            io::Result::Ok(())
        };
        // A mistake in reading a message is not to end the session either.
        let written = catch_unwind(AssertUnwindSafe(write));
        let written = written.unwrap_or_else(|_| Err(io::Error::other("a message broke it")));
        if let Err(error) = written {
            *guard = None;
            say(&format!("the recording ends here: {error}"));
        }
    }
}

/// Opens a file to append to it, and makes it if it is not there.
fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .read(true)
        .mode(0o600)
        // A pipe would wait here for somebody to read it.
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() == 0 {
        Line::head(None).write(&mut file)?;
    } else if !is_recording(&file)? {
        return Err(io::Error::other(
            "there is something else in it than a recording",
        ));
    }
    Ok(file)
}

fn is_recording(file: &File) -> io::Result<bool> {
    let mut first = Vec::new();
    io::Read::take(BufReader::new(file), 4096).read_until(b'\n', &mut first)?;
    let head = serde_json::from_slice(&first);
    Ok(matches!(head, Ok(Line::Head(head)) if head.format == FORMAT))
}
