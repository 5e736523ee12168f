"""Counts, chunk by chunk, whether the socket that sslsniff reported is the one the plaintext itself names."""
import collections
import dataclasses
import re

TAG = re.compile(rb"GT\[client=([^,\]]+:\d+),server=([^,\]]+:\d+)\]")


@dataclasses.dataclass
class Count:
    right: int = 0
    unknown: int = 0
    wrong: int = 0
    untagged: int = 0

    def add(self, other):
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def judged(self):
        return self.right + self.unknown + self.wrong

    @property
    def share(self):
        return 100.0 * self.right / self.judged if self.judged else 0.0


def normal(address):
    """IPv4-mapped IPv6 addresses are reported as IPv4."""
    return address.replace("[::ffff:", "").replace("]", "") if address.startswith("[::ffff:") else address


def matches(tag, ends):
    return {normal(tag[0].decode()), normal(tag[1].decode())} == {normal(end) for end in ends}


def judge(events, ports):
    """`events`: dicts of capture_trace.read_trace. Chunks whose tags name no server on one of `ports` are somebody else's.
    A chunk is judged by the tags inside it; one without a tag by the tag its
    connection showed last (both directions of a connection carry the same). Returns Counts by comm and the wrong
    chunks as (comm, connection, reported ends, tag)."""
    counts = collections.defaultdict(Count)
    ends, last_tag, waiting, wrong = {}, {}, collections.defaultdict(list), []

    def settle(event, tag, known):
        if int(tag[1].rpartition(b":")[2]) not in ports:
            return
        count = counts[event["comm"]]
        if known is None:
            count.unknown += 1
        elif matches(tag, known):
            count.right += 1
        else:
            count.wrong += 1
            wrong.append((event["comm"], event["connection"], known, tag))

    for event in events:
        connection = event["connection"]
        if event["kind"] == "peer":
            ends[connection] = (event["local"], event["remote"])
        elif event["kind"] == "data":
            tags = TAG.findall(event["bytes"])
            known = ends.get(connection)
            if tags:
                last_tag[connection] = tags[-1]
                settle(event, tags[0], known)
                for earlier in waiting.pop(connection, []):
                    settle(earlier[0], tags[0], earlier[1])
            elif connection in last_tag:
                settle(event, last_tag[connection], known)
            else:
                waiting[connection].append((event, known))
        elif event["kind"] == "close":
            for earlier in waiting.pop(connection, []):
                counts[earlier[0]["comm"]].untagged += 1
            ends.pop(connection, None)
            last_tag.pop(connection, None)
    for chunks in waiting.values():
        for earlier in chunks:
            counts[earlier[0]["comm"]].untagged += 1
    return counts, wrong
