#!/bin/sh
# Joins the two machines through a router, which is the network of the process that runs this.
# Arguments: the process ids that hold the network namespaces of the server, the client and, if there are, a second and a third server.
set -eu
server=$1 client=$2

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

# A further server in a network of its own: process id, name, the first three numbers of the network, its last one.
further() {
  ip link add "to-$2" type veth peer name eth0 netns "$1"
  ip address add "$3.1/24" dev "to-$2"
  ip link set "to-$2" up
  nsenter --net="/proc/$1/ns/net" ip link set lo up
  nsenter --net="/proc/$1/ns/net" ip link set eth0 up
  inside "$1" address add "$3.$4/24" eth0 ''
  nsenter --net="/proc/$1/ns/net" ip route add default via "$3.1"
}
[ -z "${3-}" ] || further "$3" second 203.0.113 20
[ -z "${4-}" ] || further "$4" third 198.18.0 30
