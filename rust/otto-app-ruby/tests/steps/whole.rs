//! All steps, on each transport.

use std::path::Path;

use otto_plugin::bindings::app::Context;
use otto_plugin::host::{Transport, detect};

use crate::support::{IGNORED, Project, end, launcher, tree};

/// The ways in which a host and a plugin can be connected.
const TRANSPORTS: [Transport; 3] = [Transport::Inherited, Transport::Unix, Transport::Tcp];

#[tokio::test]
async fn an_application_goes_from_its_detection_to_its_deploy_on_each_transport() {
    let mut sums = Vec::new();
    for transport in TRANSPORTS {
        let mut project = Project::hello();
        let plugin = launcher().transports([transport]).start().await.unwrap();
        let detector = detect(project.source.path(), &plugin.meta().detectors).unwrap();
        assert_eq!(detector.unwrap().r#type, "ruby", "{transport:?}");

        let context = Context {
            appfile: project.context.appfile.clone(),
            ..Context::default()
        };
        let implicit = plugin.implicit(context, &project.services()).await.unwrap();
        let customization = implicit.unwrap_or_default().customization;
        project.context.appfile.customization.extend(customization);

        project.compile(&plugin).await;
        project.build(&plugin).await.unwrap();
        project.deploy(&plugin, &[]).await.unwrap();
        end(plugin).await;

        let mut expected = tree(project.source.path());
        expected.retain(|path, _| !IGNORED.iter().any(|ignored| path == Path::new(ignored)));
        let deployed = project.site().join("current").canonicalize().unwrap();
        assert_eq!(tree(&deployed), expected, "{transport:?}");
        sums.push(project.built("sha256").await);
    }
    assert!(sums.iter().all(|sum| *sum == sums[0]));
}
