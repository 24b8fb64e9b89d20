//! The address that a request comes from. A proxy's word for it counts only where the configuration trusts that proxy.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// Whom to count a request for.
pub(crate) fn address_of(trusted: &[IpAddr], peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    if !trusted.contains(&peer.ip()) {
        return peer.ip();
    }
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<IpAddr> =
        lines.flat_map(|line| line.split(',')).filter_map(|text| text.trim().parse().ok()).collect();
    // From the right: what is left of the last trusted proxy's word anybody could have written.
    named.into_iter().rev().find(|address| !trusted.contains(address)).unwrap_or(peer.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        for (trusted, lines, expected) in [
            (&[][..], &["192.0.2.1"][..], "10.0.0.1"),
            (&[proxy], &["192.0.2.1"], "192.0.2.1"),
            (&[proxy], &["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            (&[proxy], &["198.51.100.7", "192.0.2.1, 10.0.0.1"], "192.0.2.1"),
            (&[proxy], &["nonsense"], "10.0.0.1"),
            (&[proxy], &[], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let peer = SocketAddr::new(proxy, 1);
            assert_eq!(address_of(trusted, peer, &headers), expected.parse::<IpAddr>().unwrap(), "{lines:?}");
        }
    }
}
