# Untried. docker build -t sr-study . && docker run --rm -p 127.0.0.1:8888:8888 sr-study
FROM python:3.12-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git make libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
WORKDIR /study
COPY requirements.lock .
RUN pip install --no-cache-dir -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps -e .
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--allow-root", "--notebook-dir=notebooks"]
