//! Values of every kind survive the wire: what was sent is what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otto_plugin::rpc::{CallError, Malformed, Unsendable};
use otto_plugin::testing::{Pair, pair};
use otto_plugin_bindgen_greeter::features::capabilities::{House, Lamp, LampClient, Room};
use otto_plugin_bindgen_greeter::features::echo::{Echo, EchoClient};
use otto_plugin_bindgen_greeter::features::enums::{Answer, Color, Painted};
use otto_plugin_bindgen_greeter::features::groups::{
    Letter, LetterSender, LetterSenderAddress, LetterStamp,
};
use otto_plugin_bindgen_greeter::features::lists::{Item, Lists};
use otto_plugin_bindgen_greeter::features::maps::{Maps, Noted, Numbered};
use otto_plugin_bindgen_greeter::features::options::{
    Person, PersonEither, PersonHomePlace, PersonSome,
};
use otto_plugin_bindgen_greeter::features::recursion::{Chain, Expression, ExpressionSum, Value};
use otto_plugin_bindgen_greeter::features::scalars::{Defaults, Scalars};
use otto_plugin_bindgen_greeter::features::unions::{
    Delivery, DeliveryState, DeliveryStateLate, Parcel, ParcelWhich, Shape,
};

/// Answers what it is sent.
struct Same;

impl Echo for Same {
    async fn scalars(&self, value: Scalars) -> Scalars {
        value
    }

    async fn defaults(&self, value: Defaults) -> Defaults {
        value
    }

    async fn painted(&self, value: Painted) -> Painted {
        value
    }

    async fn letter(&self, value: Letter) -> Letter {
        value
    }

    async fn lists(&self, value: Lists) -> Lists {
        value
    }

    async fn maps(&self, value: Maps) -> Maps {
        value
    }

    async fn person(&self, value: Person) -> Person {
        value
    }

    async fn chain(&self, value: Chain) -> Chain {
        value
    }

    async fn expression(&self, value: Expression) -> Expression {
        value
    }

    async fn object(&self, value: Value) -> Value {
        value
    }

    async fn shapes(&self, value: Vec<Shape>) -> Vec<Shape> {
        value
    }

    async fn delivery(&self, value: Delivery) -> Delivery {
        value
    }

    async fn house(&self, value: House) -> House {
        value
    }
}

async fn echo() -> Pair<EchoClient> {
    pair(EchoClient::new(Same))
        .await
        .expect("there are sockets")
}

/// Sends a value and its default, and expects the same.
macro_rules! assert_echoed {
    ($method:ident, $value:expr) => {{
        let echo = echo().await;
        let value = $value;
        let answer = echo
            .client
            .$method(value.clone())
            .await
            .expect("it answers");
        assert_eq!(answer, value);
        let default = default_of(&value);
        let answer = echo
            .client
            .$method(default.clone())
            .await
            .expect("it answers");
        assert_eq!(answer, default);
    }};
}

fn default_of<T: Default>(_value: &T) -> T {
    T::default()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn items(names: &[&str]) -> Vec<Item> {
    names
        .iter()
        .map(|name| Item {
            name: (*name).to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn scalars_survive() {
    let value = Scalars {
        nothing: (),
        truth: true,
        tiny: i8::MIN,
        short: i16::MIN,
        medium: i32::MIN,
        long: i64::MIN,
        tiny_count: u8::MAX,
        short_count: u16::MAX,
        medium_count: u32::MAX,
        long_count: u64::MAX,
        ratio: f32::MIN_POSITIVE,
        exact_ratio: f64::NEG_INFINITY,
        name: "Grüße\0".to_owned(),
        bytes: vec![0, 255],
    };
    assert_echoed!(scalars, value);
}

#[tokio::test]
async fn defaults_of_the_schema_are_those_of_rust() {
    let echo = echo().await;
    let mut value = echo
        .client
        .defaults(Defaults::default())
        .await
        .expect("it answers");
    assert!(value.undefined.is_nan());
    value.undefined = 0.0;
    let expected = Defaults {
        undefined: 0.0,
        ..Defaults::default()
    };
    assert_eq!(value, expected);
    assert_eq!(
        (value.low, value.lowest, value.high),
        (i8::MIN, i64::MIN, u64::MAX)
    );
    assert_eq!(
        (value.tenth, value.minus_half, value.endless),
        (0.1, -0.5, f64::NEG_INFINITY)
    );
    assert_eq!(
        (value.name.as_str(), &value.bytes[..]),
        ("a \"name\"", &[0, 255][..])
    );

    let empty = Defaults {
        name: String::new(),
        bytes: Vec::new(),
        truth: false,
        ..expected
    };
    assert_eq!(
        echo.client
            .defaults(empty.clone())
            .await
            .expect("it answers"),
        empty
    );
}

#[tokio::test]
async fn enums_survive() {
    let value = Painted {
        color: Color::DeepBlue,
        background: Color::Red,
        palette: vec![Color::Red, Color::DeepBlue],
        answer: Answer::Yes,
    };
    assert_echoed!(painted, value);
    assert_eq!(Painted::default().background, Color::DeepBlue);
}

#[tokio::test]
async fn an_enum_of_an_unknown_number_is_not_sent() {
    let echo = echo().await;
    let value = Painted {
        color: Color::Unknown(7),
        ..Painted::default()
    };
    match echo.client.painted(value).await {
        Err(CallError::Unsendable { what, .. }) => {
            assert_eq!(
                what,
                Unsendable::Unknown {
                    field: "Painted.color",
                    number: 7
                }
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn groups_survive() {
    let address = LetterSenderAddress {
        street: "Lane".to_owned(),
        number: 7,
    };
    let sender = LetterSender {
        name: "Ada".to_owned(),
        address,
    };
    assert_echoed!(
        letter,
        Letter {
            sender,
            stamp: LetterStamp { cents: 80 }
        }
    );
    assert_eq!(LetterSenderAddress::default().number, 1);
}

#[tokio::test]
async fn lists_of_everything_survive() {
    let value = Lists {
        nothings: vec![(); 3],
        truths: vec![true, false, true],
        numbers: vec![i32::MIN, 0, i32::MAX],
        ratios: vec![0.5, f64::INFINITY],
        names: texts(&["", "a"]),
        chunks: vec![vec![], vec![1, 2]],
        colors: vec![Color::DeepBlue],
        items: items(&["x", ""]),
        table: vec![vec![1], vec![], vec![2, 3]],
        words: vec![texts(&["a"]), vec![]],
        deep: vec![vec![items(&["a"]), vec![]], vec![]],
        shades: vec![vec![Color::Red], vec![Color::DeepBlue, Color::Red]],
    };
    assert_echoed!(lists, value);
}

#[tokio::test]
async fn maps_survive() {
    let settings = BTreeMap::from([(String::new(), 1), ("ä".to_owned(), -2)]);
    let value = Maps {
        words: BTreeMap::from([("a".to_owned(), texts(&["b", "c"]))]),
        numbered: vec![
            Numbered {
                key: 1,
                value: "x".to_owned()
            };
            2
        ],
        noted: vec![Noted {
            note: "n".to_owned(),
            ..Noted::default()
        }],
        sheets: vec![settings.clone(), BTreeMap::new()],
        settings,
    };
    assert_echoed!(maps, value);
}

#[tokio::test]
async fn options_survive() {
    let place = PersonHomePlace {
        street: "Lane".to_owned(),
        number: 7,
    };
    let value = Person {
        nickname: Some(String::new()),
        age: Some(0),
        friends: Some(texts(&["Ada"])),
        home: Some(place),
        either: PersonEither::Value("x".to_owned()),
        some: PersonSome::Many(texts(&["a", "b"])),
    };
    assert_echoed!(person, value);
}

#[tokio::test]
async fn recursion_survives() {
    let last = Chain {
        name: "last".to_owned(),
        next: None,
    };
    let first = Chain {
        name: "first".to_owned(),
        next: Some(Box::new(last)),
    };
    assert_echoed!(chain, first);

    let negative = Expression::Negative(Box::new(Expression::Number(1.5)));
    let sum = ExpressionSum {
        left: Box::new(negative),
        right: Box::default(),
    };
    assert_echoed!(expression, Expression::Sum(sum));

    let list = Value::List(vec![Value::Null, Value::Number(-0.0)]);
    assert_echoed!(
        object,
        Value::Object(BTreeMap::from([("list".to_owned(), list)]))
    );
}

#[tokio::test]
async fn unions_survive() {
    let shapes = vec![
        Shape::Point,
        Shape::Circle(2.5),
        Shape::Color(Color::DeepBlue),
        Shape::Label(String::new()),
        Shape::Corners(vec![1.0, 2.0]),
    ];
    assert_echoed!(shapes, shapes);

    let late = DeliveryStateLate {
        days: 3,
        reason: "snow".to_owned(),
    };
    let parcel = Parcel {
        weight: 9,
        which: ParcelWhich::Box(Shape::Circle(1.0)),
    };
    let parcel = Box::new(parcel);
    assert_echoed!(
        delivery,
        Delivery {
            state: DeliveryState::Late(late),
            parcel
        }
    );
}

/// Counts how often it is switched on.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Lamp for Counted {
    async fn switch(&self, on: bool) {
        self.0.fetch_add(usize::from(on), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn capabilities_come_back_as_what_they_were() {
    let echo = echo().await;
    let lamps: Vec<Counted> = (0..4).map(|_| Counted::default()).collect();
    let client = |at: usize| LampClient::new(lamps[at].clone());
    let room = |ceiling, desk, others| Room {
        ceiling,
        desk,
        others,
    };
    let house = House {
        rooms: vec![room(client(0), Some(client(1)), vec![])],
        garage: Some(room(client(2), None, vec![client(3), client(3)])),
    };
    let house = echo.client.house(house).await.expect("it answers");
    let [room] = &house.rooms[..] else {
        panic!("{house:?}")
    };
    let garage = house.garage.as_ref().expect("it is there");
    room.ceiling.switch(true).await.expect("it is there");
    room.desk
        .as_ref()
        .expect("it is there")
        .switch(true)
        .await
        .expect("it is there");
    garage.ceiling.switch(true).await.expect("it is there");
    assert!(garage.desk.is_none());
    for lamp in &garage.others {
        lamp.switch(true).await.expect("it is there");
    }
    let counts: Vec<usize> = lamps
        .iter()
        .map(|lamp| lamp.0.load(Ordering::SeqCst))
        .collect();
    assert_eq!(counts, [1, 1, 1, 2]);
}

mod versions {
    //! Two peers, one of which knows more than the other.

    use otto_plugin::rpc::Client;
    use otto_plugin_bindgen_greeter::newer::newer as new;
    use otto_plugin_bindgen_greeter::older::older as old;

    use super::{CallError, Malformed, Pair, pair};

    /// Finds what it does not know, and answers what it was sent.
    struct Older;

    impl old::Painter for Older {
        async fn paint(&self, shape: old::Shape) -> old::Answer {
            assert_eq!(shape.color, old::Color::Unknown(1));
            assert_eq!(shape.which, old::ShapeWhich::Unknown(2));
            let which = old::ShapeWhich::Label("unknown".to_owned());
            let shape = old::Shape {
                which,
                tags: shape.tags,
                ..old::Shape::default()
            };
            old::Answer { shape: Some(shape) }
        }
    }

    /// Answers in a way that is new.
    struct Newer;

    impl new::Painter for Newer {
        async fn paint(&self, _shape: new::Shape) -> new::Answer {
            new::Answer {
                shape: new::AnswerShape::Refused,
            }
        }

        async fn erase(&self) {}
    }

    /// An older peer, as a newer one calls it. The first part has to be kept.
    async fn older() -> (Pair<old::PainterClient>, new::PainterClient) {
        let older = pair(old::PainterClient::new(Older))
            .await
            .expect("there are sockets");
        let client = new::PainterClient::from_capability(older.client.capability().clone());
        (older, client)
    }

    fn shape(tags: &[&str]) -> new::Shape {
        let tag = |key: &&str| new::Tag {
            key: (*key).to_owned(),
            ..new::Tag::default()
        };
        new::Shape {
            color: new::Color::Blue,
            tags: tags.iter().map(tag).collect(),
            note: "new".to_owned(),
            which: new::ShapeWhich::Radius(3),
        }
    }

    #[tokio::test]
    async fn an_older_peer_reads_what_it_does_not_know_as_unknown() {
        let (_older, client) = older().await;
        let answer = client.paint(shape(&["b", "a"])).await.expect("it answers");
        let new::AnswerShape::Value(shape) = answer.shape else {
            panic!("{answer:?}")
        };
        assert_eq!(shape.which, new::ShapeWhich::Label("unknown".to_owned()));
        assert_eq!(shape.note, "");
        let keys: Vec<&str> = shape.tags.iter().map(|tag| tag.key.as_str()).collect();
        assert_eq!(keys, ["a", "b"]);
    }

    #[tokio::test]
    async fn a_key_that_stands_twice_is_malformed() {
        let (_older, client) = older().await;
        match client.paint(shape(&["a", "b", "a"])).await {
            Err(CallError::Fault { message, .. }) => {
                assert!(
                    message.contains("Shape.tags holds the key \"a\" twice"),
                    "{message}"
                );
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_method_that_an_older_peer_does_not_have_is_a_fault() {
        let (_older, client) = older().await;
        let answer = client.erase().await;
        assert!(
            matches!(
                answer,
                Err(CallError::Fault {
                    unimplemented: true,
                    ..
                })
            ),
            "{answer:?}"
        );
    }

    #[tokio::test]
    async fn an_option_of_an_unknown_member_is_malformed() {
        let newer = pair(new::PainterClient::new(Newer))
            .await
            .expect("there are sockets");
        let client = old::PainterClient::from_capability(newer.client.capability().clone());
        match client.paint(old::Shape::default()).await {
            Err(CallError::Misbehaved { what, .. }) => {
                assert_eq!(
                    what,
                    Malformed::Unknown {
                        field: "Answer.shape",
                        number: 2
                    }
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
