//! The output of `ssh -G`: the configuration of the client, evaluated for one destination.

/// The output of `ssh -G`: each line holds a keyword in lower case, a blank and the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConfig {
    text: String,
    host: String,
    port: u16,
}

/// A text that is not the output of `ssh -G`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientConfigError {
    /// The line with this keyword is missing.
    #[error("no {0} in the output of ssh -G")]
    Missing(&'static str),
    /// The port is not a number from 0 to 65535.
    #[error("not a port in the output of ssh -G: {0:?}")]
    BadPort(String),
}

impl ClientConfig {
    /// Reads what `ssh -G` printed on its standard output.
    ///
    /// # Errors
    /// When the host name or the port is missing.
    pub fn parse(text: impl Into<String>) -> Result<Self, ClientConfigError> {
        let text = text.into();
        let required = |key| value(&text, key).ok_or(ClientConfigError::Missing(key));
        let host = required("hostname")?.to_owned();
        let port = required("port")?;
        let port = port
            .parse()
            .map_err(|_| ClientConfigError::BadPort(port.to_owned()))?;
        Ok(Self { text, host, port })
    }

    /// The host name after `HostName` and canonicalisation.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of a keyword, which is given in lower case; the first one if there are several.
    pub fn value(&self, key: &str) -> Option<&str> {
        value(&self.text, key)
    }

    /// The value of a keyword that `none` switches off.
    pub fn unless_none(&self, key: &str) -> Option<&str> {
        self.value(key).filter(|&value| value != "none")
    }

    /// The lines, for keywords that occur several times.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }

    /// Whether a keyword is `yes`; some releases print `true`.
    pub fn is_on(&self, key: &str) -> bool {
        matches!(self.value(key), Some("yes" | "true"))
    }
}

fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_prefix_does_not_match() {
        let config = ClientConfig::parse(
            "hostname h\nport 22\nproxycommand none\nproxyjump j\nbatchmode true\n",
        );
        let config = config.expect("the output of ssh -G");
        assert_eq!((config.host(), config.port()), ("h", 22));
        assert_eq!((config.value("host"), config.value("proxy")), (None, None));
        assert_eq!(
            (
                config.unless_none("proxycommand"),
                config.unless_none("proxyjump")
            ),
            (None, Some("j"))
        );
        assert!(config.is_on("batchmode") && !config.is_on("checkhostip"));
    }

    #[test]
    fn output_without_host_or_port_is_refused() {
        assert_eq!(
            ClientConfig::parse("port 22\n"),
            Err(ClientConfigError::Missing("hostname"))
        );
        assert_eq!(
            ClientConfig::parse("hostname h\n"),
            Err(ClientConfigError::Missing("port"))
        );
        assert_eq!(
            ClientConfig::parse("hostname h\nport x\n"),
            Err(ClientConfigError::BadPort("x".to_owned()))
        );
    }
}
