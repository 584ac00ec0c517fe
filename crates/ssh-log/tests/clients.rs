//! Output of clients other than OpenSSH, and of programs that run one: terminals for Windows and
//! phones, libraries, tools for builds and backups. The messages are those of the programs;
//! addresses, names and versions are invented.

use sshmend_ssh_log::transcript::{Attempt, Certainty, Reached, Transcript, read};

/// A paste; then, for each attempt, the host with its port and the first conclusion.
type Case = (&'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    // Terminals and graphical clients.
    (
        "09:00:01.001 Connecting to SSH server 192.0.2.101:2022.\n\
         09:00:22.010 Connection failed. FlowSocketConnector: Failed to connect to target address. \
         Windows error 10060: A connection attempt failed because the connected party did not properly respond.\n",
        &[("192.0.2.101:2022", "possible host-unreachable")],
    ),
    (
        "09:00:01.001 Started a new SSH connection.\n09:00:01.001 Connecting to SSH server 192.0.2.102:22.\n\
         09:00:01.050 Connection established.\n\
         09:00:11.010 The SSH connection has been terminated. Reason: FlowSocketReader: Error receiving bytes. \
         Windows error 10054: An existing connection was forcibly closed by the remote host.\n",
        &[("192.0.2.102:22", "possible max-startups")],
    ),
    (
        "10:10:10.001 Connecting to SSH server s1.example.net:22.\n10:10:10.101 Connection established.\n\
         10:10:10.201 Server version: SSH-2.0-OpenSSH_9.6\n10:10:10.301 First key exchange started.\n\
         10:10:10.501 Attempting publickey authentication.\n\
         10:10:12.501 Authentication failed. Remaining authentication methods: 'password'.\n",
        &[("s1.example.net:22", "possible user-not-allowed")],
    ),
    (
        "Starting a new connection to: \"192.0.2.103\" port \"2200\"\nConnecting to \"192.0.2.103\" port \"2200\"\n\
         Connection to \"192.0.2.103\" established\nStarting SSH session\n\
         Connection closed with error: Connection reset by peer\n",
        &[("192.0.2.103:2200", "possible dead-backend")],
    ),
    (
        "Starting a new connection to: \"192.0.2.104\" port \"22\"\n\
         Connection to \"192.0.2.104\" failed: Connection establishment timeout exceeded\n",
        &[("192.0.2.104:22", "possible host-unreachable")],
    ),
    (
        "Xshell 8 (Build 0069)\n\nConnecting to 192.0.2.105:22...\nConnection established.\n\
         Connection closing...Socket close.\n\nConnection closed by foreign host.\n\n\
         Disconnected from remote host(192.0.2.105) at 08:15:00.\n",
        &[("192.0.2.105:22", "possible max-startups")],
    ),
    (
        "Could not connect to 'nas7' (port 2222): Connection failed.\n\nType `help' to learn how to use Xshell prompt.\n",
        &[("nas7:2222", "possible host-unreachable")],
    ),
    (
        "No compatible cipher. The server supports these ciphers: aes128-cbc,3des-cbc\n",
        &[("-", "certain algorithm-mismatch")],
    ),
    (
        "Error:\tFATAL ERROR: Host does not exist\n",
        &[("-", "certain name-not-resolved")],
    ),
    // Libraries.
    (
        "2026-11-02 12:00:00,001 [ 1]   WARN - #c.i.s.i.s.sshj - Failed to connect. Brief info: SSH connection to \
         eve@build3.example.org:2201\n\
         net.schmizz.sshj.transport.TransportException: Timeout expired\n\
         \tat net.schmizz.concurrent.Promise.retrieve(Promise.java:139)\n\
         \tat net.schmizz.sshj.transport.KeyExchanger.waitForDone(KeyExchanger.java:148)\n",
        &[("build3.example.org:2201", "possible mtu-black-hole")],
    ),
    (
        "WARN org.apache.sshd.client.session.ClientSessionImpl - exceptionCaught(ClientSessionImpl[eve@h9/192.0.2.106:2202])\
         [state=Opened] SocketException: Connection reset\n",
        &[("h9:2202", "possible dead-backend")],
    ),
    (
        "org.apache.sshd.common.SshException: DefaultConnectFuture[null@/192.0.2.107:22]: \
         Failed (NoRouteToHostException) to execute: No route to host\n",
        &[("192.0.2.107:22", "possible firewall-rejects")],
    ),
    (
        "com.jcraft.jsch.JSchException: verify: false\n\tat com.jcraft.jsch.Session.connect(Session.java:350)\n",
        &[("-", "possible algorithm-mismatch")],
    ),
    (
        "Error: NoCommonAlgo { kind: Cipher, ours: [\"aes256-ctr\"], theirs: [\"3des-cbc\"] }\n",
        &[("-", "certain algorithm-mismatch")],
    ),
    (
        "ssh: handshake failed: ssh: principal \"192.0.2.108\" not in the set of valid principals for given certificate\n",
        &[("192.0.2.108", "certain host-key-unknown")],
    ),
    (
        "ssh: handshake failed: ssh: disconnect, reason 11: Too many sessions from your address\n",
        &[("-", "likely max-startups")],
    ),
    (
        "PHP Warning:  ssh2_connect(): Unable to connect to 192.0.2.109 on port 2022 in /srv/www/a.php on line 3\n",
        &[("192.0.2.109:2022", "possible sshd-not-running")],
    ),
    (
        "error: failed to fetch\n\nCaused by:\n  error: unknown SSH host key\n  \
         The SSH host key for `code2.example.com` is not known and cannot be validated.\n",
        &[("-", "certain host-key-unknown")],
    ),
    (
        "paramiko.transport: Connected (version 2.0, client OpenSSH_8.0)\nparamiko.transport: EOF in transport thread\n\
         paramiko.ssh_exception.SSHException: Server connection dropped: \n",
        &[("-", "possible child-crash")],
    ),
    (
        "ncclient.transport.errors.SSHError: Could not open socket to 192.0.2.110:830\n",
        &[("192.0.2.110:830", "possible sshd-not-running")],
    ),
    (
        "java.io.StreamCorruptedException: Incorrect identification (bad line ending) 2: 220 ready\n\
         \tat org.apache.sshd.client.session.ClientSessionImpl.readIdentification(ClientSessionImpl.java:1)\n",
        &[("-", "likely wrong-service")],
    ),
    (
        "org.apache.sshd.common.SshException: DefaultAuthFuture[ssh-connection]: \
         Failed to get operation result within specified timeout: 10000 msec\n",
        &[("-", "possible listener-hung")],
    ),
    (
        "Net::SSH::ConnectionTimeout: timeout during server version negotiating\n",
        &[("-", "possible listener-hung")],
    ),
    (
        "Net::SSH::Disconnect: disconnected: Too many connections (12)\n",
        &[("-", "likely max-startups")],
    ),
    (
        "Net::SSH::Proxy::ConnectError: error connecting to proxy (403)\n",
        &[("-", "certain proxy-failed")],
    ),
    (
        "Uncaught phpseclib3\\Exception\\UnableToConnectException: Connection timed out whilst receiving server identification \
         string in /srv/www/vendor/phpseclib/Net/SSH2.php:1315\n",
        &[("-", "possible listener-hung")],
    ),
    (
        "Error: Max greeting lines exceeded\n    at HeaderParser (/srv/app/node_modules/ssh2/lib/protocol/Protocol.js:1:1)\n",
        &[("-", "likely wrong-service")],
    ),
    (
        "Error: (SSH) Channel open failure: open failed\n    at /srv/app/node_modules/ssh2/lib/client.js:1:1\n",
        &[("-", "likely max-sessions")],
    ),
    (
        "Renci.SshNet.Common.SshConnectionException: The server response contains a null character at position 0x00000000:\n",
        &[("-", "likely wrong-service")],
    ),
    (
        "Unhandled Exception: System.Net.Sockets.SocketException (10061): 由于目标计算机积极拒绝，无法连接。\n   \
         at Renci.SshNet.Session.Connect()\n",
        &[("-", "possible sshd-not-running")],
    ),
    (
        "[DEBUG russh::ssh_read] read_ssh_id: reading\n[DEBUG russh::ssh_read] read 5\n\
         [DEBUG russh::ssh_read] Ok(\"gw3 login: \")\n[ERROR app] connect: Disconnected\n",
        &[("-", "possible wrong-service")],
    ),
    (
        "[DEBUG russh::ssh_read] Ok(\"SSH-2.0-OpenSSH_9.6\\r\\n\")\n[DEBUG russh::client] Ok(\"done\")\n[ERROR app] run: Disconnected\n",
        &[("-", "possible child-crash")],
    ),
    (
        "[DEBUG russh::client::encrypted] userauth_failure\n[INFO app] shell: Error: Disconnected\n",
        &[("-", "possible refuse-connection")],
    ),
    (
        "[DEBUG] SSH handshake err: ssh: handshake failed: read tcp 127.0.0.1:56942->127.0.0.1:2849: wsarecv: \
         Une connexion existante a dû être fermée par l’hôte distant.\n",
        &[("127.0.0.1:2849", "possible dead-backend")],
    ),
    // The port of another protocol.
    (
        "dial: SSH dial to drop.example.net:990 failed: ssh: handshake failed: EOF\n",
        &[("drop.example.net:990", "possible wrong-service")],
    ),
    // Graphical clients, which put the words of the server on lines of their own.
    (
        "Error:\tFATAL ERROR: Remote side sent disconnect message\nError:\ttype 12 (too many connections):\nError:\t\"Go away\"\n",
        &[("-", "likely max-startups")],
    ),
    (
        "Server sent disconnect message type 12 (too many connections):\n\"Go away\"\n",
        &[("-", "likely max-startups")],
    ),
    (
        "Host \"files6.example.net\" does not exist.\n",
        &[("files6.example.net", "certain name-not-resolved")],
    ),
    (
        "You cannot connect to an SFTP server using an FTP protocol. Please select the correct protocol.\n",
        &[("-", "certain not-an-ssh-client")],
    ),
    // Devices.
    (
        "User Access Verification\nCLI session limit 32 reached. Exiting.\n",
        &[("-", "likely client-parallelism")],
    ),
    // Programs that run a client.
    (
        "[10:00:00.000] Running script with connection command: \"C:\\WINDOWS\\System32\\OpenSSH\\ssh.exe\" -T -D 60026 box9 bash\n\
         [10:00:01.000] > kex_exchange_identification: Connection closed by remote host\n",
        &[("box9", "possible max-startups")],
    ),
    (
        "---- Running connect program (ssh -a -x -s files7.example.net -l eve -p 2207 sftp)\n\
         mirror: Fatal error: max-retries exceeded (Peer closed connection)\n",
        &[("files7.example.net:2207", "possible dead-backend")],
    ),
    (
        "error during connect: Get \"http://docker.example.com/v1.45/info\": command [ssh -l ops -p 2203 -- box4 docker system \
         dial-stdio] has exited with exit status 255, stderr=kex_exchange_identification: Connection closed by remote host\n",
        &[("box4:2203", "possible dead-backend")],
    ),
    (
        "subprocess ssh: kex_exchange_identification: read: Connection reset by peer\n\
         Fatal: create repository at sftp:bk@nas8.example.org:/r failed: unable to start the sftp session\n",
        &[("nas8.example.org", "possible max-startups")],
    ),
    (
        "NewFs: couldn't connect SSH: dial tcp 192.0.2.111:2204: connect: connection refused\n",
        &[("192.0.2.111:2204", "possible sshd-not-running")],
    ),
    (
        "unable to list remote for 'ssh://git@code3.example.com/f': dial tcp: lookup code3.example.com on 192.0.2.53:53: no such host\n",
        &[("code3.example.com", "certain name-not-resolved")],
    ),
    (
        "null_resource.a (remote-exec): Connecting to remote host via SSH...\nnull_resource.a (remote-exec):   Host: 192.0.2.112\n\
         * ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]\n",
        &[("192.0.2.112", "possible user-not-allowed")],
    ),
    (
        "==> x.y: Timeout waiting for SSH.\n",
        &[("-", "possible host-unreachable")],
    ),
    (
        "[SSH] Opening SSH connection to agent4.example.org:22.\n[SSH] WARNING: No entry currently exists in the Known Hosts file \
         for this host.\nKey exchange was not finished, connection is closed.\n",
        &[("agent4.example.org:22", "certain host-key-unknown")],
    ),
    (
        "BackendException: ssh connection to bk@192.0.2.113:2205 failed: Error reading SSH protocol banner\n",
        &[("192.0.2.113:2205", "possible dead-backend")],
    ),
    (
        "HTTP return code: 407 Proxy Authentication Required\nkex_exchange_identification: Connection closed by remote host\n",
        &[("-", "certain proxy-failed")],
    ),
    // OpenSSH.
    (
        "Load key \"/home/eve/.ssh/id_ed25519\": invalid format\neve@192.0.2.114: Permission denied (publickey).\n",
        &[("192.0.2.114", "likely client-config-invalid")],
    ),
    (
        "The authenticity of host 'gw6 (192.0.2.115)' can't be established.\nED25519 key fingerprint is SHA256:x.\n\
         Host key verification failed.\n",
        &[("gw6", "certain host-key-unknown")],
    ),
    (
        "Received disconnect from 192.0.2.116 port 22:11: Too many logins for this account\n",
        &[("192.0.2.116:22", "likely max-startups")],
    ),
    (
        "Received disconnect from 192.0.2.117 port 22:2: Protocol error\n",
        &[("192.0.2.117:22", "possible banned-by-other")],
    ),
    (
        "ssh: connect to host fe80::2%eth1 port 22: Invalid argument\nssh: connect to host 192.0.2.118 port 22: Bad file number\n",
        &[
            ("fe80::2%eth1:22", "possible host-unreachable"),
            ("192.0.2.118:22", "possible host-unreachable"),
        ],
    ),
    (
        "Authenticated to srv3 ([192.0.2.119]:22).\nConnection to srv3 closed by remote host.\n",
        &[("srv3", "possible nat-idle-timeout")],
    ),
];

fn shown(attempt: &Attempt) -> (String, String) {
    let host = attempt.destination().unwrap_or("-");
    let port = attempt
        .port
        .map_or_else(String::new, |port| format!(":{port}"));
    let first = attempt
        .conclusions
        .first()
        .map_or_else(String::new, |first| {
            let certainty = match first.certainty {
                Certainty::Certain => "certain",
                Certainty::Likely => "likely",
                Certainty::Possible => "possible",
            };
            format!("{certainty} {}", first.cause.as_str())
        });
    (format!("{host}{port}"), first)
}

#[test]
fn the_output_of_other_clients_names_the_host_and_the_cause() {
    let mut wrong = Vec::new();
    for (text, expected) in CASES {
        let found: Vec<_> = read(text.as_bytes()).attempts.iter().map(shown).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(host, first)| ((*host).to_owned(), (*first).to_owned()))
            .collect();
        if found != expected {
            wrong.push(format!("{text}{found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn debug_output_of_sshd_is_not_taken_for_a_client() {
    let text = "debug1: sshd version OpenSSH_9.6, OpenSSL 3.0.13\nServer listening on 0.0.0.0 port 2022.\n\
        Connection from 192.0.2.120 port 40000 on 192.0.2.1 port 2022 rdomain \"\"\n\
        debug1: Local version string SSH-2.0-OpenSSH_9.6\ndebug1: SSH2_MSG_KEXINIT sent [preauth]\n\
        debug1: expecting SSH2_MSG_KEX_ECDH_INIT [preauth]\n";
    let server = read(text.as_bytes());
    assert!(server.attempts.is_empty(), "{:#?}", server.attempts);
    assert_eq!(server.server_lines, 6);
    let client = "OpenSSH_9.6p1, OpenSSL 3.0.13 30 Jan 2024\n\
        debug1: Connecting to gw7 [192.0.2.121] port 22.\ndebug1: Connection established.\n\
        kex_exchange_identification: Connection closed by remote host\n";
    let both = read([text, client].concat().as_bytes());
    let [attempt] = both.attempts.as_slice() else {
        panic!("{:#?}", both.attempts)
    };
    assert_eq!(attempt.reached, Reached::Connected);
}

#[test]
fn lines_of_sshd_are_not_taken_for_a_client() {
    let closed = "kex_exchange_identification: Connection closed by remote host";
    let client = "Connection closed by 192.0.2.130 port 41000";
    for text in [
        format!("Event ID: 2\nsshd: error: {closed}\n"),
        format!("2026-11-20 15:52:43.391078+0100 0x1f3a  Default  0x0  812  0  sshd: {client}\n"),
        format!("Nov 20, 2026 @ 15:52:43.000\tgw\tsshd\t812\terror: {closed}\n"),
        format!("{{\"labels\":{{\"ident\":\"sshd\"}},\"jsonPayload\":{{\"message\":\"{client}\"}}}}\n"),
        format!("`{closed} [preauth]`\n"),
        "gw:~# rc-service sshd restart\n/etc/ssh/sshd_config: line 9: Bad configuration option: Prot\n".into(),
        "/etc/ssh/sshd_config.d/50-site.conf: line 2: Bad configuration option: Prot\n".into(),
    ] {
        let read = read(text.as_bytes());
        assert!(!read.attempts.iter().any(Attempt::is_of_client), "{text}\n{read:#?}");
        assert!(read.server_lines > 0, "{text}");
    }
    for text in [
        format!("after a restart of sshd {closed}\n"),
        format!("[sshd-tunnel] {closed}\n"),
        "/home/eve/.ssh/config: line 9: Bad configuration option: hots\n".into(),
    ] {
        let read = read(text.as_bytes());
        assert!(read.attempts.iter().any(Attempt::is_of_client), "{text}");
    }
}

#[test]
fn a_transcript_that_is_cut_off_proves_no_stall() {
    let start = "debug1: Connecting to gw8 [192.0.2.131] port 22.\ndebug1: Connection established.\n\
        debug1: Local version string SSH-2.0-OpenSSH_9.6\n\
        debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2\n\
        debug1: Authenticating to gw8:22 as 'eve'\ndebug1: SSH2_MSG_KEXINIT sent\n";
    let stalled = read(start.as_bytes());
    let first = |read: &Transcript| {
        let [attempt] = read.attempts.as_slice() else {
            panic!("{read:#?}")
        };
        attempt
            .conclusions
            .first()
            .map(|first| first.cause.as_str())
    };
    assert_eq!(first(&stalled), Some("mtu-black-hole"));
    for end in [
        "debug1: SSH2_MSG_KEXINIT rece",
        "debug1: SSH2_MSG_KEXINIT received",
        "debug1: kex: algo",
    ] {
        let cut = format!("{start}{end}\n");
        assert_eq!(first(&read(cut.as_bytes())), None, "{end}");
    }
}

#[test]
fn a_log_that_does_not_show_its_end_proves_no_stall() {
    let start = "DEBUG: Client: Trying h7 on port 22 ...\nDEBUG: Local ident: 'SSH-2.0-ssh2js1'\n\
        DEBUG: Remote ident: 'SSH-2.0-dropbear'\n";
    let open = format!("{start}DEBUG: words that nobody knows\n");
    for attempt in read(open.as_bytes()).attempts {
        assert!(attempt.conclusions.is_empty(), "{attempt:#?}");
        assert_eq!(attempt.server.as_deref(), Some("dropbear"));
    }
}

#[test]
fn messages_that_other_protocols_share_are_ignored() {
    for text in [
        "javax.naming.AuthenticationException: Authentication failed for eve\n",
        "Access denied for user 'eve'@'localhost' (using password: YES)\n",
        "Windows error 10061: No connection could be made\n",
        "dial tcp 192.0.2.122:6443: connect: connection refused\n",
        "Connection closed with error: end of file\n",
    ] {
        assert!(read(text.as_bytes()).attempts.is_empty(), "{text}");
    }
}
