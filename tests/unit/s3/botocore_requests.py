#!/usr/bin/env python3
"""Prints requests and the Authorization header that botocore gives each: what our signatures are compared with.

usage: botocore_requests.py COUNT

A line is tab-separated, every field in hexadecimal: method, endpoint, addressing, bucket, key, query, headers, payload
hash, access key, secret key, session token, region, seconds since 1970, Authorization. Query and headers are
"name=value,…", names and values in hexadecimal once more.
"""
import datetime
import random
import sys

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode

AWKWARD = "".join(map(chr, range(1, 128))) + "äöüßéñ漢字🦙 \u00a0\u202e"
ENDPOINTS = ("http://127.0.0.1:9000", "https://s3.eu-central-1.amazonaws.com", "http://localhost", "https://host:8443")


def text(random_, letters, low, high):
    return "".join(random_.choice(letters) for _ in range(random_.randint(low, high)))


class Fixed(S3SigV4Auth):
    """Signs for a given second, with a given payload hash."""

    def __init__(self, *arguments, payload_hash):
        super().__init__(*arguments)
        self.payload_hash = payload_hash

    def payload(self, request):
        return self.payload_hash

    def authorization(self, request, timestamp):
        request.context["timestamp"] = timestamp
        self._modify_request_before_signing(request)
        to_sign = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(to_sign, request))
        return request.headers["Authorization"]


def encode(fields):
    return "\t".join(field.encode().hex() for field in fields)


def pairs(values):
    return ",".join(f"{name.encode().hex()}={value.encode().hex()}" for name, value in values.items())


def line(random_):
    method = random_.choice(("GET", "HEAD"))
    endpoint = random_.choice(ENDPOINTS)
    virtual = random_.random() < 0.5
    bucket = text(random_, "abcdefghijklmnopqrstuvwxyz0123456789", 3, 20)
    key = text(random_, AWKWARD + "/////", 0, 60)
    query = {text(random_, AWKWARD, 1, 12): text(random_, AWKWARD, 0, 20) for _ in range(random_.choice((0, 0, 1, 4)))}
    headers = {}
    if random_.random() < 0.5:
        headers["range"] = f"bytes={random_.randint(0, 1 << 40)}-{random_.randint(0, 1 << 40)}"
    if random_.random() < 0.3:
        headers["if-match"] = '"' + text(random_, "0123456789abcdef-", 32, 36) + '"'
    payload = random_.choice(("UNSIGNED-PAYLOAD", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    access, secret = text(random_, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20, 20), text(random_, AWKWARD[32:90], 40, 40)
    token = text(random_, "abcXYZ0189+/=", 100, 400) if random_.random() < 0.4 else ""
    region = random_.choice(("us-east-1", "eu-central-1", "cn-north-1", "default"))
    seconds = random_.randint(1_000_000_000, 2_000_000_000)

    scheme, _, host = endpoint.partition("://")
    path = "/" + percent_encode(key, safe="/~")
    if virtual:
        host = f"{bucket}.{host}"
    else:
        path = f"/{bucket}" + (path if key else "")
    request = AWSRequest(method=method, url=f"{scheme}://{host}{path}", params=query, headers=headers)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    signer = Fixed(Credentials(access, secret, token or None), "s3", region, payload_hash=payload)
    authorization = signer.authorization(request, moment)
    return encode((method, endpoint, "virtual" if virtual else "path", bucket, key, pairs(query), pairs(headers), payload,
                   access, secret, token, region, str(seconds), authorization))


def main():
    random_ = random.Random(20130524)
    for _ in range(int(sys.argv[1])):
        print(line(random_))


if __name__ == "__main__":
    main()
