//! Words for failures in programs of every kind, for texts about SSH without a recognised message.
//!
//! They are searched for in lower case and anywhere in a line. They prove nothing: the cause they
//! indicate is never more than possible. A list is written as one text, with `|` between its words.

use super::row::{
    BAD_KEY, CHANGED, CLOSED, DENIED, MISMATCH, NAME_UNKNOWN, NO_ROUTE, REFUSED, REJECTED, RESET,
    SLOW, UNKNOWN, UNREACHABLE,
};
use super::sign::Symptom;

/// Words on one line, and the symptom that they indicate.
pub(in super::super) struct Words {
    any: &'static str,
    /// One of these must occur as well; if empty, the others suffice.
    with: &'static str,
    pub(in super::super) symptoms: &'static [Symptom],
}

const fn words(any: &'static str, with: &'static str, symptoms: &'static [Symptom]) -> Words {
    Words {
        any,
        with,
        symptoms,
    }
}

/// The families, the most significant first: the first family found on any line counts.
#[rustfmt::skip]
pub(in super::super) const FAMILIES: &[Words] = &[
    words(
        "changed|mismatch|does not match|doesn't match|did not match|differs|different",
        "host key|hostkey|host-key|known_hosts|known hosts|host identification",
        CHANGED,
    ),
    words(
        "unknown|not known|not found|not been found|no entry|not trusted|untrusted|not in |no known hosts|unable to find|\
         not cached|not accepted|no such file|not present|missing",
        "host key|hostkey|host-key|known_hosts|known hosts|ssh key (|fingerprint",
        UNKNOWN,
    ),
    words(
        "verif|validat|reject|denied|not allowed",
        "host key|hostkey|host-key|fingerprint",
        REJECTED,
    ),
    // This makes neither a connection nor a login fail: the program does not exist, or the key
    // cannot be read.
    words(
        "executable file not found|command not found|not recognized as|enoent|cannot run ssh|is not installed",
        "ssh|sftp|scp|plink|borg|rsync|git",
        &[],
    ),
    words(
        "invalid|could not read|cannot read|can't read|unable to read|failed to read|failed to load|unable to load|could not load|\
         cannot parse|failed to parse|unable to parse|parse error|bad permissions|permission denied|no such file|decrypt|\
         not a valid|unrecognized|unencrypted|wrong format|are too open",
        "private key|privatekey|key file|keyfile|identity file|identityfile|id_rsa|id_ed25519|id_ecdsa|id_dsa|.pem|.ppk",
        BAD_KEY,
    ),
    words(
        "no matching|no common|no compatible|not compatible|incompatible|negotiation fail|negotiation error|unable to negotiate|\
         could not negotiate|cannot negotiate|failed to negotiate|couldn't agree|could not agree|cannot agree|failed to agree|\
         unsupported|not supported|no mutual|no acceptable|do not match|could not settle|not available|unknown",
        "algorithm|cipher|kex|key exchange|keyexchange|hmac| mac|proposal|host key type",
        MISMATCH,
    ),
    words(
        "auth fail|authentication failed|authentication failure|authentication error|auth failed|auth error|access denied|\
         login failed|login incorrect|unable to authenticate|failed to authenticate|could not authenticate|\
         cannot authenticate|not authenticated|invalid credentials|bad credentials|wrong password|incorrect password|\
         invalid password|bad password|authentication rejected|no auth passed|authentication method|\
         authentication unsuccessful|authentication was not successful|key was rejected|key rejected|refused our key|\
         認証に失敗|аутентификации|认证失败|身份验证失败|authentifizierung fehlgeschlagen|échec de l'authentification|\
         error de autenticación|falha na autenticação",
        "",
        DENIED,
    ),
    words(
        "permission denied|denied|rejected|refused",
        "disconnect error|ssh error|auth|login|log in|password|publickey|public key|credential|passphrase",
        DENIED,
    ),
    words(
        "unknown host|no such host|not known|could not resolve|couldn't resolve|cannot resolve|can't resolve|\
         unable to resolve|failed to resolve|name resolution|resolution failed|host not found|hostname not found|unresolved|\
         cannot be resolved|could not be resolved|nodename nor servname|no address associated|enotfound|\
         host does not exist|can't be found|name not found",
        "host|name|address|dns|getaddrinfo",
        NAME_UNKNOWN,
    ),
    words("does not exist", "host \"|host '|hostname", NAME_UNKNOWN),
    words(
        "connection refused|econnrefused|actively refused|refused the connection|refused connection|refused by|拒绝连接|\
         接続を拒否|в соединении отказано|verbindung abgelehnt|verbindungsaufbau abgelehnt|connexion refusée|\
         conexión rehusada|conexão recusada",
        "",
        REFUSED,
    ),
    words(
        "no route to host|ehostunreach|host unreachable|host is unreachable|unreachable host",
        "",
        NO_ROUTE,
    ),
    words("network is unreachable|enetunreach|network unreachable", "", UNREACHABLE),
    words(
        "timed out|timeout|time out|time-out|timed-out|etimedout|did not properly respond|deadline exceeded|not responding|\
         no response|did not respond|gave up waiting|waiting for ssh|zeitüberschreitung|délai|превышено время|\
         превышен таймаут|连接超时|超时|タイムアウト|tiempo de espera|tempo esgotado",
        "",
        SLOW,
    ),
    words(
        "connection reset|econnreset|reset by|forcibly closed|was reset|соединение разорвано|连接被重置|接続がリセット",
        "",
        RESET,
    ),
    words(
        "closed|lost|broken pipe|epipe|abort|terminated|disconnect|dropped|hang up|hung up|end of file|end-of-file|\
         end of stream|end of io stream|not connected|unexpectedly|is down|went away|interrupted|premature|kicked|\
         nonexistent pipe|could not be established|couldn't be established|cannot be established|could not connect|\
         couldn't connect|cannot connect|can't connect|failed to connect|unable to connect|connection failed|\
         could not establish|connect failed",
        "connect|session|socket|remote|server|peer|transport|channel|handshake|stream|ssh|sftp|pipe",
        CLOSED,
    ),
    words("eof|key exchange was not finished|key exchange failed|kex failed", "", CLOSED),
];

/// Words for a failure of any kind.
const FAILURES: &str = "error|fail|could not|couldn't|cannot|can't|unable|exception|fatal|denied|refused|exit code|exit status|\
     exited with|return code|returned|exit 255|invalid|not allowed|not permitted|expected|unexpected|not found|ошибк|erreur|\
     fehler|错误|失败|エラー|失敗|errore|erro |błąd";

/// Names of SSH, its programs and its libraries, and words that only SSH uses; also as parts of
/// words.
const OF_SSH: &str = "ssh|sftp|paramiko|netmiko|ncclient|putty|plink|pscp|filezilla|bitvise|mobaxterm|securecrt|termius|cyberduck|\
     xshell|jsch|trilead|publickey|known_hosts|key exchange|keyexchange|kexinit|host key|hostkey|authorized_keys|\
     could not read from remote repository|process tried to write to a nonexistent pipe|is borg working on the server|diffie-hellman|curve25519|\
     the connection attempt was rejected. the server may be down";

/// The same, for words that occur in other words: they must be separate.
const OF_SSH_ALONE: &str = "scp|kex|port 22|git@|:22|rsync|mosh";

/// The beginnings of lines by programs that use other protocols than SSH.
const OF_OTHERS: &str = "curl:|wget:|psql:|mysql|redis|npm |yarn |pip |docker:|e: |err:|w: |http|collecting |downloading |\
     error: failed to push some refs";

/// Logs of servers of other protocols, which may name a host or a page that is called after SSH.
const IN_PASSING: &str = "postfix/|upstream: \"|request: \"get |request: \"post |request: \"head |http/1.0\" |http/1.1\" |http/2.0\" ";

/// Words that occur only in the log of a server.
const OF_SERVERS: &str = "incoming connection|accept connection|accepting connection|handshaking|client_ip|remote_addr|remoteaddr|\
     connection from |sshserver|ssh server started|serve sftp|denied host|login_type";

/// Other protocols and their ports, anywhere on a line.
const OTHERS: &str = "http://|https://|postgres|mysql|mariadb|redis|mongodb|docker daemon|docker.sock|smtp|imap|ldap|kafka|rabbitmq|\
     registry|:443|:5432|:3306|:6379|:27017|:8080|udp";

impl Words {
    /// Whether they occur on a line.
    pub(in super::super) fn stand_on(&self, line: &str) -> bool {
        has(line, self.any) && (self.with.is_empty() || has(line, self.with))
    }
}

/// Whether a line reports a failure.
pub(in super::super) fn fails(line: &str) -> bool {
    has(line, FAILURES)
}

/// Whether a line is from a server's log: it names the client, and is not about reaching a server.
pub(in super::super) fn is_of_server(line: &str) -> bool {
    has(line, OF_SERVERS)
}

/// Whether a line names SSH.
pub(in super::super) fn names_ssh(line: &str) -> bool {
    if has(line, IN_PASSING) {
        return false;
    }
    has(line, OF_SSH)
        || OF_SSH_ALONE
            .split('|')
            .any(|words| stands_alone(line, words))
}

/// What the kernel says of a connection that fails, as strerror(3) puts it on Linux and macOS.
const OF_THE_KERNEL: [&str; 8] = [
    "broken pipe",
    "connection refused",
    "connection reset",
    "connection reset by peer",
    "connection timed out",
    "network is unreachable",
    "no route to host",
    "operation timed out",
];

/// Whether a line is nothing but the kernel's words for a connection that failed.
pub(in super::super) fn is_of_the_kernel(line: &str) -> bool {
    OF_THE_KERNEL.contains(&line.trim_end_matches('.'))
}

/// Whether a line says only that something failed, like Git's last message.
pub(in super::super) fn is_general(line: &str) -> bool {
    line.contains("could not read from remote repository")
}

/// Whether a line is from a program that uses another protocol.
pub(in super::super) fn is_of_others(line: &str) -> bool {
    has(line, OTHERS) || OF_OTHERS.split('|').any(|start| line.starts_with(start))
}

fn has(line: &str, words: &str) -> bool {
    words.split('|').any(|words| line.contains(words))
}

fn stands_alone(line: &str, words: &str) -> bool {
    let bytes = line.as_bytes();
    let part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let (of_word, opens) = (part(words.as_bytes().first()), words.ends_with('@'));
    line.match_indices(words).any(|(at, found)| {
        let before = of_word && part(bytes[..at].last());
        let behind = !opens && part(bytes.get(at + found.len()));
        !before && !behind
    })
}
