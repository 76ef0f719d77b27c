//! A plugin that is killed while it builds.

use otto_plugin::host::{Exit, PluginErrorCause};
use rustix::process::{Pid, Signal, kill_process};

use crate::build::pending;
use crate::support::{Project, Watched, end, started};

/// Numbers that look random, and are the same ones each time.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Bytes that nothing makes shorter.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut seeded = Seeded(0x0770_a995_1e55_0001);
    let words = (0..size / 8).flat_map(|_| seeded.next().to_le_bytes());
    words.collect()
}

#[tokio::test]
async fn a_plugin_that_is_killed_anywhere_in_a_blob_leaves_neither_blob_nor_record() {
    const SIZE: u64 = 3 << 20;
    let mut project = Project::hello();
    project.write("large", &noise(SIZE as usize));
    let mut seeded = Seeded(0x0770_a995_1e55_0002);
    for number in 0..20 {
        let offset = 1 + seeded.next() % SIZE;
        let plugin = started(&mut project).await;
        let pid = Pid::from_raw(plugin.pid().unwrap().cast_signed()).unwrap();
        let mut services = project.services();
        services.directory = Watched::client(&project.directory, move |count| {
            if count >= offset {
                // It may be dead already: what it had sent comes all the same.
                let _ = kill_process(pid, Signal::KILL);
            }
            true
        });
        let error = plugin.build(project.context.clone(), &services).await;
        let cause = *error.unwrap_err().cause;
        let PluginErrorCause::Died(exit) = cause else {
            panic!("killed after {offset} bytes: {cause:?}")
        };
        assert_eq!(exit, Exit::Signal(Signal::KILL.as_raw()), "{offset}");
        assert_eq!(project.build_record().await, None, "{offset}");
        let keys = project.blobs_begun();
        assert_eq!(keys.len(), number + 1);
        for key in keys {
            assert_eq!(project.directory.blob(&key), None, "{offset}");
        }
    }

    // The next build puts away what there might be of the last one.
    assert_eq!(pending(&project), 1);
    let plugin = started(&mut project).await;
    project.build(&plugin).await.unwrap();
    let deleted = project.directory.calls().into_iter();
    let deleted: Vec<_> = deleted
        .filter(|call| call.method == "deleteBlob")
        .filter_map(|call| call.key)
        .collect();
    assert_eq!(deleted, project.blobs_begun()[..20]);
    assert_eq!(pending(&project), 0);
    end(plugin).await;
}
