#!/bin/sh
# Joins the two machines through a router, which is the network of the process that runs this.
# Arguments: the process ids that hold the network namespaces of the server, the client and, if there is one, a second server.
set -eu
server=$1 client=$2 second=${3-}

ip link set lo up
ip link add to-server type veth peer name eth0 netns "$server"
ip link add to-client type veth peer name eth0 netns "$client"
ip address add 192.0.2.1/24 dev to-server
ip address add 198.51.100.1/24 dev to-client
ip address add 2001:db8:2::1/64 dev to-server nodad
ip address add 2001:db8:1::1/64 dev to-client nodad
ip link set to-server up
ip link set to-client up
sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

inside() { nsenter --net="/proc/$1/ns/net" ip "$2" "$3" "$4" dev "$5" $6; }
for side in "$server" "$client"; do
  nsenter --net="/proc/$side/ns/net" ip link set lo up
  nsenter --net="/proc/$side/ns/net" ip link set eth0 up
done
inside "$server" address add 192.0.2.10/24 eth0 ''
inside "$server" address add 2001:db8:2::10/64 eth0 nodad
for last in 11 12 13 14; do
  inside "$client" address add "198.51.100.$last/24" eth0 ''
  inside "$client" address add "2001:db8:1::$last/64" eth0 nodad
done
nsenter --net="/proc/$server/ns/net" ip route add default via 192.0.2.1
nsenter --net="/proc/$server/ns/net" ip -6 route add default via 2001:db8:2::1
nsenter --net="/proc/$client/ns/net" ip route add default via 198.51.100.1 src 198.51.100.11
nsenter --net="/proc/$client/ns/net" ip -6 route add default via 2001:db8:1::1 src 2001:db8:1::11

[ -n "$second" ] || exit 0
ip link add to-second type veth peer name eth0 netns "$second"
ip address add 203.0.113.1/24 dev to-second
ip link set to-second up
nsenter --net="/proc/$second/ns/net" ip link set lo up
nsenter --net="/proc/$second/ns/net" ip link set eth0 up
inside "$second" address add 203.0.113.20/24 eth0 ''
nsenter --net="/proc/$second/ns/net" ip route add default via 203.0.113.1
