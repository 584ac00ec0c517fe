use crate::testing::{check_client, check_transcript, works};
use expect_test::{Expect, expect};

/// An ssh with these settings and without any keys, in an attempt at a server that accepts
/// `methods`.
fn tried(settings: &str, methods: &str) -> String {
    format!(
        "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\n{settings}\n//$ TRY => 255\ndebug1: Connection established.\n\
             debug1: identity file /home/alice/.ssh/id_rsa type -1\ndebug1: Authentications that can continue: {methods}\n\
             alice@server: Permission denied ({methods}).\n//- /home/alice/.ssh/id_rsa missing\n//$ ssh-add -l => 1\nThe agent has no identities.\n"
    )
}

#[test]
fn ssh_ends_if_it_cannot_listen_on_a_forwarded_port() {
    let check = |more: &str, expected| {
        let machine = format!(
            "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\n{more}localforward [127.0.0.1]:15432 [db]:5432\n\
                 //$ ss -Hltnp => 0\nLISTEN 0 128 127.0.0.1:15432 0.0.0.0:* users:((\"ssh\",pid=4021,fd=5))\n"
        );
        check_client("client-config-invalid", &machine, &[works()], expected);
    };
    check(
        "exitonforwardfailure yes\n",
        &expect![[r#"
            likely: ssh ends after the login because another program holds the local port 15432 that ssh should listen on
              ssh -G: localforward [127.0.0.1]:15432 [db]:5432
              ss: LISTEN 0 128 127.0.0.1:15432 0.0.0.0:* users:(("ssh",pid=4021,fd=5))
              - see what holds it, mostly an earlier ssh that still runs: `ss -ltnp sport = :15432`; end it, or take another port
              - without the forwardings: `ssh -o ClearAllForwardings=yes DESTINATION`
        "#]],
    );
    let accepted = &expect![[r#"
            excluded: ssh accepts its configuration
        "#]];
    check("exitonforwardfailure no\n", accepted);
    check(
        "exitonforwardfailure yes\nclearallforwardings yes\n",
        accepted,
    );
    check(
        "exitonforwardfailure yes\ncontrolpath /home/alice/.ssh/c\n",
        accepted,
    );
}

#[track_caller]
fn check_tried(settings: &str, methods: &str, expected: &Expect) {
    let machine = tried(settings, methods);
    check_client("client-config-invalid", &machine, &[works()], expected);
}

#[test]
fn settings_that_disable_every_login_method_are_reported() {
    check_tried(
        "preferredauthentications password\nbatchmode yes",
        "publickey,password",
        &expect![[r#"
                likely: the configuration of ssh disables keys (preferredauthentications password), and the server accepts no other method that ssh may try
                  ssh -G: preferredauthentications password
                  - find the line and correct it: `grep -rin preferredauthentications ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`; for one connection: `ssh -o PubkeyAuthentication=yes -o PreferredAuthentications=publickey DESTINATION`
            "#]],
    );
    check_tried(
        "pubkeyauthentication false",
        "publickey",
        &expect![[r#"
            likely: the configuration of ssh disables keys (pubkeyauthentication false), and the server accepts no other method that ssh may try
              ssh -G: pubkeyauthentication false
              - find the line and correct it: `grep -rin pubkeyauthentication ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`; for one connection: `ssh -o PubkeyAuthentication=yes -o PreferredAuthentications=publickey DESTINATION`
        "#]],
    );
    check_tried(
        "identityagent /run/agent",
        "publickey",
        &expect![[r#"
            likely: ssh has no key to offer, and the server accepts no other method that ssh may try
              ssh -G: identityagent /run/agent
              - see what the agent holds (`ssh-add -l`) and which files are looked for (`ssh -G DESTINATION | grep identity`); name the key by `IdentityFile`, start the agent, or make a key: `ssh-keygen -t ed25519`
        "#]],
    );
    let other = |more: &str| {
        tried(
            "pubkeyacceptedalgorithms rsa-sha2-512,rsa-sha2-256",
            "publickey",
        ) + more
    };
    let key = "//$ ssh-add -l => 0\n256 SHA256:W work (ED25519)\n";
    check_client(
        "client-config-invalid",
        &other(key),
        &[works()],
        &expect![[r#"
                likely: the configuration of ssh allows no algorithm for its keys (ED25519), and the server accepts no other method that ssh may try
                  ssh -G: pubkeyacceptedalgorithms rsa-sha2-512,rsa-sha2-256
                  - find the line and correct it: `grep -rinE 'pubkeyaccepted(algorithms|keytypes)' ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`; `+NAME` adds to the list of ssh instead of replacing it (pubkeyacceptedalgorithms)
            "#]],
    );
    let both = "//$ ssh-add -l => 0\n256 SHA256:W work (ED25519)\n3072 SHA256:X old (RSA)\n";
    check_client(
        "client-config-invalid",
        &other(both),
        &[works()],
        &expect![[r#"
                excluded: ssh accepts its configuration
            "#]],
    );
}

#[test]
fn settings_that_leave_a_login_method_are_accepted() {
    // There is someone who can be asked for the password.
    check_tried(
        "preferredauthentications password",
        "publickey,password",
        &expect![[r#"
                excluded: ssh accepts its configuration
            "#]],
    );
    check_tried(
        "pubkeyauthentication no",
        "publickey,keyboard-interactive",
        &expect![[r#"
                excluded: ssh accepts its configuration
            "#]],
    );
    check_tried(
        "pkcs11provider /usr/lib/opensc-pkcs11.so",
        "publickey",
        &expect![[r#"
                excluded: ssh accepts its configuration
            "#]],
    );
}

#[test]
fn a_named_public_key_needs_the_agent() {
    let named = "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\nidentitiesonly yes\n//$ TRY => 255\ndebug1: identity file /home/alice/.ssh/work.pub type 3\n\
            debug1: Authentications that can continue: publickey\n//$ ssh-keygen -lf /home/alice/.ssh/work.pub => 0\n256 SHA256:W work (ED25519)\n";
    let check = |agent: &str, expected| {
        check_client(
            "client-config-invalid",
            &format!("{named}{agent}"),
            &[works()],
            expected,
        );
    };
    check(
        "//$ ssh-add -l => 1\nThe agent has no identities.\n",
        &expect![[r#"
                likely: the configuration of ssh names the public key /home/alice/.ssh/work.pub, the agent does not hold the private one, and no other key is available
                  /home/alice/.ssh/work.pub: is a public key
                  - name the private key (`IdentityFile` without `.pub`), or give it to the agent: `ssh-add`
            "#]],
    );
    check(
        "//$ ssh-add -l => 0\n256 SHA256:W work (ED25519)\n",
        &expect![[r#"
                excluded: ssh accepts its configuration
            "#]],
    );
}

#[test]
fn remotecommand_conflicts_with_a_command_on_the_command_line() {
    let set =
        "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\nremotecommand tmux attach\n";
    check_client(
        "client-config-invalid",
        set,
        &[works()],
        &expect![[r#"
            possible (latent): RemoteCommand is set for this host, so ssh ends at once if it is also given a command (`ssh HOST COMMAND`, git, rsync)
              ssh -G: remotecommand tmux attach
              - give RemoteCommand to a name of its own (`Host NAME-tmux`), or go without for one connection: `ssh -o RemoteCommand=none DESTINATION`
        "#]],
    );
}

#[test]
fn the_line_that_ssh_refuses_is_reported() {
    let bad = "//$ ssh -G -- server => 255\n/home/alice/.ssh/config: line 3: Bad configuration option: bogus\n/home/alice/.ssh/config: terminating, 1 bad configuration options\n";
    check_client(
        "client-config-invalid",
        bad,
        &[],
        &expect![[r#"
            certain: ssh refuses its own configuration: /home/alice/.ssh/config: line 3: Bad configuration option: bogus
              ssh -G: /home/alice/.ssh/config: line 3: Bad configuration option: bogus
              ssh -G: /home/alice/.ssh/config: terminating, 1 bad configuration options
              - correct that line, or make a comment of it: put `#` before line 3 of /home/alice/.ssh/config
        "#]],
    );
    let open = "//$ ssh -G -- server => 255\nBad owner or permissions on /home/alice/.ssh/config\n";
    check_client(
        "client-config-invalid",
        open,
        &[],
        &expect![[r#"
            certain: ssh refuses its own configuration: Bad owner or permissions on /home/alice/.ssh/config
              ssh -G: Bad owner or permissions on /home/alice/.ssh/config
              - close it to others: `chmod 600 /home/alice/.ssh/config`; it must belong to you or root: `ls -l /home/alice/.ssh/config`
        "#]],
    );
    check_client(
        "client-config-invalid",
        "",
        &[works()],
        &expect![[r#"
            excluded: ssh accepts its configuration
        "#]],
    );
}

#[test]
fn a_key_that_others_may_read_is_named() {
    let said = "Load key \"/home/alice/.ssh/id\": bad permissions\nalice@h: Permission denied (publickey).\n";
    check_transcript(
        "client-config-invalid",
        said,
        &expect![[r#"
            likely: ssh ignores the private key /home/alice/.ssh/id because others can read it
              transcript:1: Load key "/home/alice/.ssh/id": bad permissions
              - close it: `chmod 600 /home/alice/.ssh/id`
        "#]],
    );
    check_transcript(
        "client-config-invalid",
        "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n",
        &expect![[r#"
            likely: ssh ignores a private key because others can read it
              transcript:1: WARNING: UNPROTECTED PRIVATE KEY FILE!          @
              - close it: `chmod 600 KEYFILE`; the line `Permissions 0644 for …` beside it names the file
        "#]],
    );
}

#[test]
fn a_match_exec_command_that_does_not_end_is_shown() {
    let said = "OpenSSH_9.2p1\ndebug1: Reading configuration data /home/alice/.ssh/config\ndebug1: Executing command: 'sleep 300'\n";
    check_transcript(
        "client-config-invalid",
        said,
        &expect![[r#"
            likely: a command that the configuration of ssh runs (`Match exec`) does not finish
              ssh -v: debug1: Executing command: 'sleep 300'
              - find its line, and give it an end: `grep -rn 'Match.*exec' ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`
        "#]],
    );
    let ended = format!("{said}debug1: permanently_drop_suid: 1000\n");
    check_transcript("client-config-invalid", &ended, &expect![[""]]);
    check_client(
        "client-config-invalid",
        "//$ ssh -G -- server => hangs\n",
        &[works()],
        &expect![[r#"
                likely: a command that the configuration of ssh runs (`Match exec`) does not finish
                  ssh -G: no answer within 20 s
                  - find its line, and give it an end: `grep -rn 'Match.*exec' ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`
                unchecked: ssh -G -- server: cannot be run: no answer within 20 s
            "#]],
    );
}

const FOUND: &str = "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\ncontrolmaster auto\n";

#[test]
fn ssh_ends_if_it_cannot_create_the_control_socket() {
    let missing =
        format!("{FOUND}controlpath /home/alice/.ssh/cm/s\n//- /home/alice/.ssh/cm missing\n");
    check_client(
        "client-config-invalid",
        &missing,
        &[works()],
        &expect![[r#"
                certain: ssh ends because it cannot create the configured control socket
                  ssh -G: the directory of ControlPath does not exist: /home/alice/.ssh/cm
                  - make the directory: `mkdir -m 700 /home/alice/.ssh/cm`
                  - or take another ControlPath: `~/.ssh/%C`
            "#]],
    );
    let long = format!(
        "{FOUND}controlpath /home/alice/.ssh/{}\n//- /home/alice/.ssh dir\n",
        "x".repeat(80)
    );
    check_client(
        "client-config-invalid",
        &long,
        &[works()],
        &expect![[r#"
            certain: ssh ends because it cannot create the configured control socket
              ssh -G: ControlPath has 97 bytes, but at most 90 are possible: /home/alice/.ssh/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
              - take a shorter ControlPath: `~/.ssh/%C`
        "#]],
    );
}

#[test]
fn a_key_that_others_may_read_is_suspected() {
    let open = "//$ TRY => 255\ndebug1: identity file /home/alice/.ssh/work type 3\n\
                    //- /home/alice/.ssh/work mode:0644 uid:1000\n";
    check_client(
        "client-config-invalid",
        open,
        &[works()],
        &expect![[r#"
            likely: ssh ignores the private key /home/alice/.ssh/work because others can read it
              /home/alice/.ssh/work: mode 0644
              - close it: `chmod 600 /home/alice/.ssh/work`
        "#]],
    );
}

#[test]
fn the_configuration_of_a_missing_ssh_is_not_checked() {
    check_client(
        "client-config-invalid",
        "//$ ssh -G -- server => missing\n",
        &[works()],
        &expect![[r#"
            unchecked: ssh -G -- server: cannot be run: No such file or directory
        "#]],
    );
}

#[test]
fn a_forwarding_that_the_server_may_refuse_prevents_exclusion() {
    let check = |more: &str, expected| {
        let machine = format!(
            "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\n{more}remoteforward 9443 [localhost]:443\n"
        );
        check_client("client-config-invalid", &machine, &[works()], expected);
    };
    check(
        "exitonforwardfailure yes\n",
        &expect![[r#"
        unchecked: the forwardings on the server: ssh ends after the login if the server cannot listen for `remoteforward 9443 [localhost]:443`: an earlier session may still hold that port
    "#]],
    );
    check(
        "exitonforwardfailure no\n",
        &expect![[r#"
        excluded: ssh accepts its configuration
    "#]],
    );
}

#[test]
fn a_putty_key_is_recognised_by_its_file_name() {
    let file = "/home/alice/.ssh/work.ppk";
    check_client(
        "client-config-invalid",
        &format!(
            "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\nidentitiesonly yes\n//$ TRY => 255\ndebug1: identity file {file} type -1\n\
             debug1: Authentications that can continue: publickey\n//- {file} mode:0600 uid:1000\nx\n//$ ssh-keygen -y -P  -f {file} => 255 stderr\nLoad key \"{file}\": error in libcrypto\n\
             //$ ssh-add -l => 1\nThe agent has no identities.\n"
        ),
        &[works()],
        &expect![[r#"
            likely: the private key /home/alice/.ssh/work.ppk is in the format of PuTTY, which ssh does not read, and no other key is available
              /home/alice/.ssh/work.ppk: Load key "/home/alice/.ssh/work.ppk": error in libcrypto
              - convert it: `puttygen /home/alice/.ssh/work.ppk -O private-openssh -o /home/alice/.ssh/work` (PuTTYgen: Conversions, Export OpenSSH key), then name that one by `IdentityFile`
        "#]],
    );
}
