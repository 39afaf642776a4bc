"""Which addresses belong to the public internet, whatever they are wrapped in."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NAT64 = IPv6Network("64:ff9b::/96")
# Not for anybody outside, or a way round to addresses that are not: local NAT64, 6to4 and its relays, Teredo, the old
# site-local range, IPv4 in IPv6 without a prefix, documentation, protocols (where a cloud keeps secrets), benchmarks.
NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
    IPv6Network("fec0::/10"),
    IPv6Network("::/96"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv6Network("3fff::/20"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("198.18.0.0/15"),
)


def is_public(address: str) -> bool:
    """False for anything that is no address."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        if parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        elif parsed in NAT64:
            parsed = IPv4Address(int(parsed) & 0xFFFFFFFF)
    inside = parsed.is_multicast or parsed.is_reserved or not parsed.is_global
    return not inside and not any(parsed in network for network in NOT_PUBLIC if network.version == parsed.version)
