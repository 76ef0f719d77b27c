//! What holds when both sides say something: one table, a row for each part.

use otto_plugin::bindings::appfile::Appfile;

use super::written;
use crate::appfile::merge::under;

fn said(appfile: &str) -> Appfile {
    let (_dir, written) = written(appfile);
    Appfile {
        path: String::new(),
        ..written.appfile
    }
}

#[test]
fn the_side_that_wins_is_completed_by_the_other() {
    for (row, mine, other, both) in [
        (
            "a field of the application",
            "application {\n name = \"a\"\n}",
            "application {\n name = \"b\"\n type = \"ruby\"\n}",
            "application {\n name = \"a\"\n type = \"ruby\"\n}",
        ),
        (
            "the project as a whole",
            "project {\n name = \"a\"\n}",
            "project {\n name = \"b\"\n infrastructure = \"i\"\n}\ninfrastructure \"i\" {}",
            "project {\n name = \"a\"\n}\ninfrastructure \"i\" {}",
        ),
        (
            "a project that is not there",
            "",
            "project {\n name = \"b\"\n}",
            "project {\n name = \"b\"\n}",
        ),
        (
            "dependencies by their sources",
            "application {\n dependency { source = \"a\" }\n dependency { source = \"b\" }\n}",
            "application {\n dependency { source = \"c\" }\n dependency { source = \"a\" }\n}",
            "application {\n dependency { source = \"a\" }\n dependency { source = \"b\" }\n \
             dependency { source = \"c\" }\n}",
        ),
        (
            "an infrastructure by its name",
            "infrastructure \"i\" {\n type = \"local\"\n}",
            "infrastructure \"j\" {}\ninfrastructure \"i\" {\n type = \"x\"\n flavor = \"y\"\n}",
            "infrastructure \"i\" {\n type = \"local\"\n flavor = \"y\"\n}\n\
             infrastructure \"j\" {}",
        ),
        (
            "foundations where the other has none",
            "infrastructure \"i\" {\n foundation \"a\" { x = 1 }\n}\ninfrastructure \"j\" {}",
            "infrastructure \"i\" {\n foundation \"b\" {}\n}\n\
             infrastructure \"j\" {\n foundation \"c\" {}\n}",
            "infrastructure \"i\" {\n foundation \"a\" { x = 1 }\n}\n\
             infrastructure \"j\" {\n foundation \"c\" {}\n}",
        ),
        (
            "customizations of a type from one side",
            "customization {\n a = 1\n}\ncustomization \"infra\" {\n b = 1\n}\n\
             customization {\n c = 1\n}",
            "customization \"redis\" {\n d = 1\n}\ncustomization \"app\" {\n e = 1\n}\n\
             customization \"redis\" {\n f = 1\n}",
            "customization {\n a = 1\n}\ncustomization \"infra\" {\n b = 1\n}\n\
             customization {\n c = 1\n}\ncustomization \"redis\" {\n d = 1\n}\n\
             customization \"redis\" {\n f = 1\n}",
        ),
    ] {
        let both = said(&format!("{both}\n"));
        let mine = said(&format!("{mine}\n"));
        let other = said(&format!("{other}\n"));
        assert_eq!(under(mine.clone(), other), both, "{row}");
        assert_eq!(under(mine.clone(), Appfile::default()), mine, "{row}");
        assert_eq!(under(Appfile::default(), mine.clone()), mine, "{row}");
        assert_eq!(under(mine.clone(), mine.clone()), mine, "{row}");
    }
}

#[test]
fn who_the_application_is_and_where_it_is_never_comes_from_the_other_side() {
    let appfile = |text: &str| Appfile {
        id: text.into(),
        path: text.into(),
        source: text.into(),
        ..Appfile::default()
    };
    assert_eq!(under(appfile(""), appfile("other")), appfile(""));
    assert_eq!(under(appfile("mine"), appfile("other")), appfile("mine"));
}
