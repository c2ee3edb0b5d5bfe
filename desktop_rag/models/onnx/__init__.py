"""The bundled models, run by ONNX Runtime."""
