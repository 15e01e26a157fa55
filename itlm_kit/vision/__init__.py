"""Networks: training, rounds of ITLM, recordings, GANs. With torch, which the extra `vision` brings."""

from itlm_kit.extras import needs

needs("torch", "torchvision")
