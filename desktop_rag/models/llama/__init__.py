"""Language models, embedders and rerankers in GGUF files, run by llama.cpp."""
