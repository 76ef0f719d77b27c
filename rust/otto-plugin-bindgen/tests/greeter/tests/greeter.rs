//! A greeter, served and called in this process, through the wire.

use std::sync::{Arc, Mutex};

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::rpc::CallError;
use otto_plugin::testing::pair;
use otto_plugin_bindgen_greeter::bindings::INTERFACES;
use otto_plugin_bindgen_greeter::bindings::greeter::{
    Audience, AudienceClient, Greeter, GreeterClient, GuestBook, GuestBookClient, Phrase,
    PhraseQuote, Style,
};

/// Greets in a friendly way.
struct Friendly;

impl Greeter for Friendly {
    async fn greet(&self, name: String, style: Style) -> Result<String, Error> {
        match (name.as_str(), style) {
            ("", _) => Err(Error::invalid("nobody is there").with_help("Say who you are.")),
            (name, Style::Warm) => Ok(format!("how good to see you, {name}")),
            (name, _) => Ok(format!("hello, {name}")),
        }
    }

    async fn greet_all(&self, names: Vec<String>, audience: AudienceClient) -> Result<u32, Error> {
        let mut count = 0;
        for name in names {
            audience.hear(self.greet(name, Style::Plain).await?).await?;
            count += 1;
        }
        Ok(count)
    }

    async fn guest_book(&self) -> Result<GuestBookClient, Error> {
        Ok(GuestBookClient::new(Book::default()))
    }

    async fn retire(&self) {}
}

#[derive(Default)]
struct Book(Mutex<Vec<String>>);

impl GuestBook for Book {
    async fn sign(&self, name: String) {
        self.0.lock().expect("nobody panicked").push(name);
    }

    async fn close(&self) -> Result<Vec<String>, Error> {
        Ok(self.0.lock().expect("nobody panicked").clone())
    }
}

/// Says everything backwards.
struct Backwards;

impl Greeter for Backwards {
    async fn translate(&self, phrase: Phrase) -> Result<Phrase, Error> {
        Ok(backwards(phrase))
    }

    async fn retire(&self) {}
}

fn backwards(phrase: Phrase) -> Phrase {
    match phrase {
        Phrase::Word(word) => Phrase::Word(word.chars().rev().collect()),
        Phrase::Sentence(parts) => {
            Phrase::Sentence(parts.into_iter().rev().map(backwards).collect())
        }
        Phrase::Quote(PhraseQuote { by, what }) => Phrase::Quote(PhraseQuote {
            by,
            what: Box::new(backwards(*what)),
        }),
        other => other,
    }
}

/// Remembers what it hears.
#[derive(Clone, Default)]
struct Ears(Arc<Mutex<Vec<String>>>);

impl Audience for Ears {
    async fn hear(&self, greeting: String) -> Result<(), Error> {
        self.0.lock().expect("nobody panicked").push(greeting);
        Ok(())
    }
}

/// Leaves when it hears anything.
struct Bored;

impl Audience for Bored {
    async fn hear(&self, _greeting: String) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Closed, "the audience has left"))
    }
}

fn word(text: &str) -> Phrase {
    Phrase::Word(text.to_owned())
}

#[test]
fn an_answer_comes_back() {
    pollster::block_on(async {
        let greeter = pair(GreeterClient::new(Friendly))
            .await
            .expect("there are sockets");
        let greeting = greeter.client.greet("Ada", Style::Warm).await;
        assert_eq!(greeting.expect("it answers"), "how good to see you, Ada");
        greeter.client.retire().await.expect("it answers");
    });
}

#[test]
fn an_error_comes_back_whole() {
    pollster::block_on(async {
        let greeter = pair(GreeterClient::new(Friendly))
            .await
            .expect("there are sockets");
        match greeter.client.greet("", Style::Plain).await {
            Err(CallError::Failed(error)) => {
                let expected = Error::invalid("nobody is there").with_help("Say who you are.");
                assert_eq!(error, expected);
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_method_that_is_not_implemented_is_unsupported() {
    pollster::block_on(async {
        let greeter = pair(GreeterClient::new(Friendly))
            .await
            .expect("there are sockets");
        match greeter.client.translate(word("hello")).await {
            Err(CallError::Failed(error)) => {
                assert_eq!(error, Error::unsupported("Greeter.translate"));
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_callback_is_called_before_the_answer() {
    pollster::block_on(async {
        let greeter = pair(GreeterClient::new(Friendly))
            .await
            .expect("there are sockets");
        let ears = Ears::default();
        let names = vec!["Ada".to_owned(), "Grace".to_owned()];
        let count = greeter
            .client
            .greet_all(names, AudienceClient::new(ears.clone()))
            .await;
        assert_eq!(count.expect("it answers"), 2);
        assert_eq!(
            *ears.0.lock().expect("nobody panicked"),
            ["hello, Ada", "hello, Grace"]
        );
    });
}

#[test]
fn an_error_of_a_callback_passes_through_the_plugin() {
    pollster::block_on(async {
        let greeter = pair(GreeterClient::new(Friendly))
            .await
            .expect("there are sockets");
        let names = vec!["Ada".to_owned()];
        match greeter
            .client
            .greet_all(names, AudienceClient::new(Bored))
            .await
        {
            Err(CallError::Failed(error)) => assert_eq!(error.message, "the audience has left"),
            other => panic!("{other:?}"),
        }
    });
}

#[tokio::test]
async fn a_stream_keeps_its_order() {
    let greeter = pair(GreeterClient::new(Friendly))
        .await
        .expect("there are sockets");
    let book = greeter.client.guest_book().await.expect("it answers");
    let names: Vec<String> = (0..100).map(|number| format!("guest {number}")).collect();
    for name in &names {
        book.sign(name).await.expect("it is taken");
    }
    assert_eq!(book.close().await.expect("it answers"), names);
}

#[tokio::test]
async fn a_recursive_value_survives_the_wire() {
    let greeter = pair(GreeterClient::new(Backwards))
        .await
        .expect("there are sockets");
    let quote = |what: Phrase| {
        Phrase::Quote(PhraseQuote {
            by: "Ada".to_owned(),
            what: Box::new(what),
        })
    };
    let phrase = Phrase::Sentence(vec![word("on"), quote(Phrase::Sentence(vec![word("ho")]))]);
    let expected = Phrase::Sentence(vec![quote(Phrase::Sentence(vec![word("oh")])), word("no")]);
    assert_eq!(
        greeter.client.translate(phrase).await.expect("it answers"),
        expected
    );
}

#[tokio::test]
async fn a_value_that_is_nested_too_deep_is_not_sent() {
    let greeter = pair(GreeterClient::new(Backwards))
        .await
        .expect("there are sockets");
    let nested = |depth| (1..depth).fold(word("deep"), |phrase, _| Phrase::Sentence(vec![phrase]));
    let deepest = nested(otto_plugin::limits::VALUE_DEPTH);
    assert!(greeter.client.translate(deepest).await.is_ok());
    let too_deep = nested(otto_plugin::limits::VALUE_DEPTH + 1);
    match greeter.client.translate(too_deep).await {
        Err(CallError::Unsendable { method, .. }) => assert_eq!(method, "Greeter.translate"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_table_names_every_method_by_its_number() {
    let mut names = Vec::new();
    for interface in INTERFACES {
        for (ordinal, method) in interface.methods.iter().enumerate() {
            assert_eq!(
                (method.interface, method.interface_id),
                (interface.name, interface.id)
            );
            assert_eq!(usize::from(method.ordinal), ordinal);
            assert_eq!(method.streaming, method.name == "sign");
            names.push(method.to_string());
        }
    }
    let expected = [
        "Greeter.greet",
        "Greeter.greetAll",
        "Greeter.guestBook",
        "Greeter.translate",
        "Greeter.retire",
        "Audience.hear",
        "GuestBook.sign",
        "GuestBook.close",
    ];
    assert_eq!(names, expected);
}
