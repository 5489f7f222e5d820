# SPDX-License-Identifier: BSD-3-Clause
# To be sourced. make_certificates FOLDER: ca.pem, and server.pem with server.key for localhost and 127.0.0.1, for a day.
make_certificates() {
  local folder=$1
  [[ -e $folder/ca.key ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=Perron interop" \
    -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
    -keyout "$folder/new.key" -out "$folder/server.csr" 2>/dev/null
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -days 1 \
    -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n') \
    -out "$folder/new.pem" 2>/dev/null
  # the certificate and its key in one file that takes the place of the old one at once: who reads sees a pair
  cat "$folder/new.key" >>"$folder/new.pem"
  cp "$folder/new.key" "$folder/server.key"
  mv "$folder/new.pem" "$folder/server.pem"
}
