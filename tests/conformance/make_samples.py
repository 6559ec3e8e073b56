"""Makes the directory that backends of files are held to the contracts with, made anew: make_samples.py DIRECTORY…

Objects of odd sizes in folders, small ones beside, a link, an empty one; bytes that differ from page to page.
"""

import os
import random
import shutil
import sys

SIZES = {
    "m/model-00001-of-00003.safetensors": 3_000_001,
    "m/model-00002-of-00003.safetensors": 65_536,
    "m/model-00003-of-00003.safetensors": 4_097,
    "m/config.json": 300,
    "m/empty.txt": 0,
    "other/deep/model.safetensors": 131_584,
}


def main(directory):
    shutil.rmtree(directory, ignore_errors=True)
    for name, size in SIZES.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(random.Random(name).randbytes(size))
    os.symlink("../m/config.json", os.path.join(directory, "other/link.json"))
    os.makedirs(os.path.join(directory, "../target"), exist_ok=True)
    os.sync()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        main(each)
