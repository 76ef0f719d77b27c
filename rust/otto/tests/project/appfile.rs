//! What is wrong with an Appfile is shown where it is wrong.

use crate::support::World;

#[test]
fn the_line_that_is_wrong_is_shown_with_what_to_do() {
    let world = World::with_puppet();
    let project = world.project("shop");
    project.write("Appfile", "application {\n  nmae = \"shop\"\n}\n");
    for command in ["detect", "compile"] {
        project
            .otto(&[command])
            .code(3)
            .says("nmae = \"shop\"")
            .says("name");
    }
}

#[test]
fn an_import_is_taken_in_and_the_importing_file_wins() {
    let world = World::with_puppet();
    let project = world.project("shop");
    project.write(
        "common/Appfile",
        "application {\n  name = \"common\"\n  type = \"puppet\"\n}\n",
    );
    project.write(
        "Appfile",
        "import \"./common\" {}\n\napplication {\n  name = \"shop\"\n}\n",
    );
    let detected = project.otto(&["detect", "--format", "json"]).ok().json();
    assert_eq!(detected["application"]["name"], "shop");
    assert_eq!(detected["application"]["type"], "puppet");
    assert_eq!(detected["application"]["detected"], false);
}
