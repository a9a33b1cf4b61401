//! Many processes of one machine that load one checkpoint.

use std::process::Stdio;
use std::time::Duration;

use crate::command::{Home, checkpoint};
use crate::server::{Answer, Server};

#[test]
fn a_checkpoint_is_downloaded_once_for_all_ranks() {
    // Slow enough for all of them to want it meanwhile.
    let server = Server::start(|request, _| {
        Answer::file(request, &checkpoint(), "\"1\"").pausing(20, Duration::from_secs(1))
    });
    let home = Home::new(&format!("{}/net.safetensors", server.address));
    let ranks: Vec<_> = (0..6)
        .map(|rank| {
            let ranks = format!("{rank}/6");
            home.command(&["init", "model.json", "--out", "net", "--ranks", &ranks])
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut waited = 0;
    for rank in ranks {
        let output = rank.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        waited += usize::from(said.contains("another process downloads"));
    }
    assert!(waited > 0);
    assert_eq!(server.requests().len(), 1);
    assert!(home.path().join("net/model.safetensors").is_file());
}
